//! How the expert moves.

use serde::{Deserialize, Serialize};

/// Speeds are ways of the target position, px a control step (0.1 s).
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ExpertConfig {
    /// Cruising speed around the T.
    pub walk_speed: f64,
    /// Speed while pushing.
    pub push_speed: f64,
    /// Largest change of speed from step to step.
    pub acceleration: f64,
    /// Seed of the planner's samples. Everything else about a demonstration follows from its start.
    pub seed: u64,
}

impl Default for ExpertConfig {
    /// The mean action step is then that of the human demonstrations, 10 px.
    fn default() -> Self {
        Self {
            walk_speed: 13.0,
            push_speed: 10.0,
            acceleration: 4.0,
            seed: 0,
        }
    }
}

/// Why there is no expert of this kind.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum ExpertError {
    /// A setting outside of the range in which plans are found.
    #[error("the expert's {setting} is {value}, expected a number from 1 to 40 px a step")]
    OutOfRange {
        /// Which.
        setting: &'static str,
        /// As it was handed in.
        value: f64,
    },
}

impl ExpertConfig {
    pub(super) fn check(&self) -> Result<(), ExpertError> {
        let settings = [
            ("walk_speed", self.walk_speed),
            ("push_speed", self.push_speed),
            ("acceleration", self.acceleration),
        ];
        for (setting, value) in settings {
            // NaN is in no range.
            if !(1.0..=40.0).contains(&value) {
                return Err(ExpertError::OutOfRange { setting, value });
            }
        }
        Ok(())
    }
}
