//! Settings of the expert, and the errors for invalid ones.

use serde::{Deserialize, Serialize};

/// Settings of the expert. Speeds are distances of the target position, px per control step (0.1 s).
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ExpertConfig {
    /// Cruising speed around the T.
    pub walk_speed: f64,
    /// Speed while pushing.
    pub push_speed: f64,
    /// Largest change of speed from step to step.
    pub acceleration: f64,
    /// Seed of the planner's samples. Everything else about a demonstration is determined by its start.
    pub seed: u64,
}

impl Default for ExpertConfig {
    /// With these values the mean action step is that of the human demonstrations, 10 px.
    fn default() -> Self {
        Self {
            walk_speed: 13.0,
            push_speed: 10.0,
            acceleration: 4.0,
            seed: 0,
        }
    }
}

/// Errors from constructing an expert.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum ExpertError {
    /// A setting outside the range in which plans are found.
    #[error("the expert's {setting} is {value}, expected a number from 1 to 40 px a step")]
    OutOfRange {
        /// Name of the setting.
        setting: &'static str,
        /// The value.
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
            // NaN is outside every range.
            if !(1.0..=40.0).contains(&value) {
                return Err(ExpertError::OutOfRange { setting, value });
            }
        }
        Ok(())
    }
}
