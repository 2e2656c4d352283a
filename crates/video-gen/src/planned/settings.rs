//! Settings of the search for a path.

use serde::{Deserialize, Serialize};

use super::whitening::AHEAD;
use object_latent::VideoGenError;

/// Settings of the search for a path of the agent.
///
/// The world model computes at most (frames − 1) · `beams` · `proposals` frames for a clip; a few more for the agent's
/// stops at the goal; and with a prescribed last frame up to about 150 · `variants` more.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PlanSettings {
    /// Rollouts that are kept after every segment, 1 to 256.
    pub beams: usize,
    /// Paths that are tried from each of them, 1 to 256.
    pub proposals: usize,
    /// Steps that are played before rollouts are compared, 1 to 8.
    pub segment: usize,
    /// Standard deviation of the noise that paths are drawn from, relative to training, 0 to 2.
    pub spread: f64,
    /// Mean displacement of the T's corners from the goal at which a clip without a prescribed last frame ends, px.
    pub tolerance: f64,
    /// Weight of the T's distance from its end beside the estimated steps left, steps per px of mean displacement.
    pub distance_weight: f64,
    /// Weight of the estimated steps left.
    pub value_weight: f64,
    /// Variants of a complete clip's last steps that are tried at a time where a last frame is prescribed, 0 to 256.
    pub variants: usize,
}

impl Default for PlanSettings {
    fn default() -> Self {
        Self {
            beams: 8,
            proposals: 3,
            segment: 8,
            spread: 1.2,
            tolerance: 4.0,
            distance_weight: 1.0,
            value_weight: 1.0,
            variants: 8,
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
            ("beams", self.beams, 1..=256, "1 to 256"),
            ("proposals", self.proposals, 1..=256, "1 to 256"),
            ("segment", self.segment, 1..=AHEAD, "1 to 8"),
            ("variants", self.variants, 0..=256, "0 to 256"),
        ];
        for (setting, found, range, expected) in counts {
            if !range.contains(&found) {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_out_of_range_are_named() {
        PlanSettings::default().check().unwrap();
        let settings = PlanSettings {
            segment: 9,
            ..PlanSettings::default()
        };
        let text = settings.check().unwrap_err().to_string();
        assert_eq!(text, "segment is 9; expected 1 to 8");
        let settings = PlanSettings {
            spread: f64::NAN,
            ..PlanSettings::default()
        };
        assert!(settings.check().is_err());
    }
}
