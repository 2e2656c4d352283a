//! The three scales of the paper, and an answer on each of them.

use serde::{Deserialize, Serialize};

use crate::RatingError;

/// What is asked about a clip.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Scale {
    /// Does the clip do the task? 0 no, 1 in part, 2 yes.
    Adherence,
    /// Is every motion of the T the agent's doing? 0 no, 1 yes.
    Responsibility,
    /// Could it be a recording of real things? 1 not at all to 5 entirely.
    Physics,
}

impl Scale {
    /// All, in the order in which they are asked.
    pub const ALL: [Scale; 3] = [Scale::Adherence, Scale::Responsibility, Scale::Physics];

    /// Lowest and highest answer; every whole number between them is one.
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

    /// `value` where it is an answer on this scale.
    ///
    /// # Errors
    /// A value outside of the scale.
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

/// One person's answers about one clip.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Scores {
    /// 0 to 2.
    pub adherence: u8,
    /// 0 or 1.
    pub responsibility: u8,
    /// 1 to 5.
    pub physics: u8,
}

impl Scores {
    /// The answer on one scale.
    pub fn get(&self, scale: Scale) -> u8 {
        match scale {
            Scale::Adherence => self.adherence,
            Scale::Responsibility => self.responsibility,
            Scale::Physics => self.physics,
        }
    }
}
