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
