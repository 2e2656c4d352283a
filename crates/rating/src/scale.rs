//! The three scales of the paper, and scores on them.

use serde::{Deserialize, Serialize};

use crate::RatingError;

/// A scale on which a clip is rated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Scale {
    /// Whether the clip shows the task being done: 0 no, 1 in part, 2 yes.
    Adherence,
    /// Whether the agent causes every motion of the T: 0 no, 1 yes.
    Responsibility,
    /// Whether the clip could be a recording of real objects: 1 not at all to 5 entirely.
    Physics,
}

impl Scale {
    /// All scales, in the order of the page.
    pub const ALL: [Scale; 3] = [Scale::Adherence, Scale::Responsibility, Scale::Physics];

    /// Lowest and highest score; all whole numbers between them are valid.
    pub fn range(self) -> (u8, u8) {
        match self {
            Scale::Adherence => (0, 2),
            Scale::Responsibility => (0, 1),
            Scale::Physics => (1, 5),
        }
    }

    /// Name in files and tables.
    pub fn name(self) -> &'static str {
        match self {
            Scale::Adherence => "adherence",
            Scale::Responsibility => "responsibility",
            Scale::Physics => "physics",
        }
    }

    /// The question that raters are asked.
    pub fn question(self) -> &'static str {
        match self {
            Scale::Adherence => "Does the clip do the task?",
            Scale::Responsibility => "Is it the disc that moves the T?",
            Scale::Physics => "Could solid things move like this?",
        }
    }

    /// What raters are told beside the question.
    pub fn note(self) -> Option<&'static str> {
        match self {
            Scale::Adherence => Some("The task: the disc pushes the gray T onto the green T."),
            Scale::Responsibility => None,
            Scale::Physics => Some(
                "Nothing solid melts, splits, grows, vanishes or jumps. Blur and flicker of the picture do not count.",
            ),
        }
    }

    /// The answers from the lowest score on, in the words of the page.
    pub fn answers(self) -> &'static [&'static str] {
        match self {
            Scale::Adherence => &[
                "No. The T gets no nearer to the green T.",
                "In part. It gets nearer, but does not end on the green T.",
                "Yes. At the end it lies on the green T.",
            ],
            Scale::Responsibility => &[
                "No. At least once the T moves, turns or changes though the disc does not push it that way.",
                "Yes. Whenever the T moves, the disc pushes it that way (or the T never moves).",
            ],
            Scale::Physics => &[
                "Not at all. It is wrong nearly all the time.",
                "Hardly. Several clear faults, or a gross one.",
                "Partly. One clear fault, or many small ones.",
                "Nearly. Small faults that one has to look for.",
                "Entirely. Nothing that could not happen.",
            ],
        }
    }

    /// Returns `value` if it is a score on this scale.
    ///
    /// # Errors
    /// A value outside the scale.
    pub fn check(self, value: i64) -> Result<u8, RatingError> {
        let (lowest, highest) = self.range();
        u8::try_from(value)
            .ok()
            .filter(|v| (lowest..=highest).contains(v))
            .ok_or(RatingError::OutsideScale {
                scale: self.name(),
                value,
                lowest,
                highest,
            })
    }
}

/// One person's scores of one clip.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Scores {
    /// Adherence, 0 to 2.
    pub adherence: u8,
    /// Responsibility, 0 or 1.
    pub responsibility: u8,
    /// Physics, 1 to 5.
    pub physics: u8,
}

impl Scores {
    /// The score on one scale.
    pub fn get(&self, scale: Scale) -> u8 {
        match scale {
            Scale::Adherence => self.adherence,
            Scale::Responsibility => self.responsibility,
            Scale::Physics => self.physics,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The page without its tags.
    fn page() -> String {
        let mut text = String::new();
        for part in include_str!("../page/index.html").split('<') {
            text += part.split_once('>').map_or(part, |(_, text)| text);
        }
        text
    }

    #[test]
    fn the_page_asks_these_questions() {
        let page = page();
        for scale in Scale::ALL {
            let (lowest, highest) = scale.range();
            assert_eq!(scale.answers().len(), usize::from(highest - lowest) + 1);
            let texts = scale
                .answers()
                .iter()
                .copied()
                .chain([scale.question()])
                .chain(scale.note());
            for text in texts {
                assert!(page.contains(text), "{text:?} is not on the page");
            }
        }
    }
}
