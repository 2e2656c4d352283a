//! Settings of the search for a path.

use serde::{Deserialize, Serialize};

use crate::object::VideoGenError;

/// Settings of the search for a path of the agent.
///
/// The frames that a clip costs are at most (frames − 1) · beams · proposals, plus a few in which the agent stops.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PlanSettings {
    /// Branches that are kept after every segment.
    pub beams: usize,
    /// Paths that are tried from each of them.
    pub proposals: usize,
    /// Steps that are played before branches are compared, 1 to 8.
    pub segment: usize,
    /// Standard deviation of the flow's noise relative to training, 0 to 2.
    pub spread: f64,
    /// Mean displacement of the T's corners from its end below which a clip without a prescribed last frame ends, px.
    pub tolerance: f64,
    /// Weight of the T's distance from its end beside the estimated steps left, steps per px.
    pub distance_weight: f64,
    /// Weight of the estimated steps left.
    pub value_weight: f64,
}

impl Default for PlanSettings {
    fn default() -> Self {
        Self {
            beams: 6,
            proposals: 5,
            segment: 8,
            spread: 1.0,
            tolerance: 6.0,
            distance_weight: 0.3,
            value_weight: 1.0,
        }
    }
}

impl PlanSettings {
    /// Checks the settings.
    ///
    /// # Errors
    /// The first invalid setting.
    pub fn check(&self) -> Result<(), VideoGenError> {
        let refuse = |setting, found: String, expected| {
            Err(VideoGenError::Config {
                setting,
                found,
                expected,
            })
        };
        let counts = [
            ("beams", self.beams, 256, "1 to 256"),
            ("proposals", self.proposals, 256, "1 to 256"),
            ("segment", self.segment, super::whitening::AHEAD, "1 to 8"),
        ];
        for (setting, found, most, expected) in counts {
            if !(1..=most).contains(&found) {
                return refuse(setting, found.to_string(), expected);
            }
        }
        let numbers = [
            ("spread", self.spread, 2.0, "0 to 2"),
            ("tolerance", self.tolerance, 512.0, "0 to 512 px"),
            ("distance_weight", self.distance_weight, 1e3, "0 to 1000"),
            ("value_weight", self.value_weight, 1e3, "0 to 1000"),
        ];
        for (setting, found, most, expected) in numbers {
            if !(0.0..=most).contains(&found) {
                return refuse(setting, found.to_string(), expected);
            }
        }
        Ok(())
    }
}
