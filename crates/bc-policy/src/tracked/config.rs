//! Settings of the policy on tracked states.

use serde::{Deserialize, Serialize};

use crate::error::{BcError, refused, within};
use crate::sections::PolicySection;

/// Settings of the policy on tracked states.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TrackedConfig {
    /// Width of the hidden layers.
    pub width: usize,
    /// Number of hidden layers.
    pub layers: usize,
    /// Number of actions predicted at once.
    pub horizon: usize,
    /// Number of these actions that are taken before the next observation.
    #[serde(alias = "execute")]
    pub n_action_steps: usize,
    /// Standard deviation of the Gaussian noise on training states: `noise` px on positions, `noise` / 100 rad on
    /// angles. The targets are unchanged, so that the policy learns to return to the demonstrations.
    pub noise: f32,
}

impl Default for TrackedConfig {
    fn default() -> Self {
        Self {
            width: 256,
            layers: 3,
            horizon: 16,
            n_action_steps: 8,
            noise: 0.0,
        }
    }
}

impl PolicySection for TrackedConfig {
    const KEY: &'static str = "tracked";

    fn check(&self) -> Result<(), BcError> {
        within("tracked.width", self.width, 1, 8192, "1 to 8192")?;
        within("tracked.layers", self.layers, 1, 64, "1 to 64")?;
        within("tracked.horizon", self.horizon, 1, 64, "1 to 64")?;
        within(
            "tracked.n_action_steps",
            self.n_action_steps,
            1,
            self.horizon,
            "1 to tracked.horizon",
        )?;
        if !(self.noise >= 0.0 && self.noise.is_finite()) {
            return Err(refused("tracked.noise", &self.noise, "0 or more, px"));
        }
        Ok(())
    }
}
