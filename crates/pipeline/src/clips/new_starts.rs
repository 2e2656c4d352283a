//! Starts that no demonstration has: resets of the environment.

use pusht_data::{SeededTrajectory, Simulation, Start};
use pusht_env::{Frame, Renderer};
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
        let simulation = Simulation::DIFFUSION_POLICY;
        let fail = |e: &dyn std::fmt::Display| failed("clips")(&format!("reset {}: {e}", self.reset));
        let reset = SeededTrajectory::new(Start::Seed(self.reset), Vec::new());
        let env = reset.begin(&simulation).map_err(|e| fail(&e))?;
        let mut renderer = Renderer::new(simulation.frame_size, simulation.fill_rule).map_err(|e| fail(&e))?;
        Ok(renderer.render(&env.scene()))
    }
}
