//! Starts that nobody demonstrated.

use pusht_data::{SeededTrajectory, Simulation, Start};
use pusht_env::{Frame, GOAL, Renderer};

use crate::endpoint::{Endpoint, EndpointSource};
use crate::error::GenerationError;

/// The first frame of an episode that begins at the reset to this seed.
///
/// # Errors
/// Settings that the environment refuses.
pub fn reset_frame(simulation: &Simulation, seed: u64) -> Result<Frame, GenerationError> {
    let refuse = |reason: String| GenerationError::NewStart { seed, reason };
    let reset = SeededTrajectory::new(Start::Seed(seed), Vec::new());
    let env = reset.begin(simulation).map_err(|error| refuse(error.to_string()))?;
    let renderer = Renderer::new(simulation.frame_size, simulation.fill_rule);
    let mut renderer = renderer.map_err(|error| refuse(error.to_string()))?;
    Ok(renderer.render(&env.scene()))
}

/// Resets of consecutive seeds.
pub(crate) struct NewStarts {
    simulation: Simulation,
    first_seed: u64,
}

impl NewStarts {
    /// # Errors
    /// Settings that the environment refuses, or another goal than the default one.
    pub(crate) fn new(simulation: Simulation, first_seed: u64) -> Result<Self, GenerationError> {
        if simulation.goal != GOAL {
            return Err(GenerationError::NewStart {
                seed: first_seed,
                reason: format!(
                    "the goal is {:?}; expected the default one, {GOAL:?}, to which models push the T",
                    simulation.goal
                ),
            });
        }
        let starts = Self { simulation, first_seed };
        starts.start(0)?;
        Ok(starts)
    }

    pub(crate) fn describe(&self) -> String {
        format!(
            "at most, from resets that nobody demonstrated (seeds from {} on), with the T on its goal at the end",
            self.first_seed
        )
    }

    pub(crate) fn source(&self) -> EndpointSource {
        EndpointSource::Resets {
            simulation: self.simulation,
            first_seed: self.first_seed,
        }
    }

    /// The first frame of the clip with this index.
    pub(crate) fn start(&self, index: usize) -> Result<(Frame, Endpoint), GenerationError> {
        let seed = self.first_seed.wrapping_add(index as u64);
        let frame = reset_frame(&self.simulation, seed)?;
        Ok((frame, Endpoint::Reset(seed)))
    }
}
