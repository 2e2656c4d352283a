//! Starts that no demonstration has: resets of the environment.

use clip_generation::reset_frame;
use pusht_data::Simulation;
use pusht_env::Frame;
use serde::{Deserialize, Serialize};

use crate::PipelineError;
use crate::error::failed;

/// Start of a clip that ends with the T on its goal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct NewStart {
    /// Seed of the reset.
    pub(crate) reset: u64,
    /// Seed of the clip.
    pub(crate) seed: u64,
}

impl NewStart {
    /// The first frame, as the demonstrations of the expert begin.
    pub(crate) fn frame(&self) -> Result<Frame, PipelineError> {
        reset_frame(&Simulation::DIFFUSION_POLICY, self.reset).map_err(|e| failed("clips")(&e))
    }
}
