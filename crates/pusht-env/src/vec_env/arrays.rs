//! Observations of a batch as arrays of numbers.

use super::VecEnvError;
use crate::{Modality, Observer, PushT};

/// Arrays into which a vectorized environment writes its latest observations: one row for each environment, in the order
/// of [`VecEnv::ids`](crate::VecEnv::ids), rows one after another.
#[derive(Debug)]
pub enum ObsArrays<'a> {
    /// Rows of 5: agent x and y, block x and y, block angle in [0, 2π).
    State(&'a mut [f64]),
    /// Corners of the T and agent positions.
    Keypoints {
        /// Rows of 16: eight vertices, bar then stem, x and y alternating.
        environment_state: &'a mut [f64],
        /// Rows of 2, px.
        agent_pos: &'a mut [f64],
    },
    /// Rows of height × width × 3.
    Pixels(&'a mut [u8]),
    /// Images and agent positions.
    PixelsAgentPos {
        /// Rows of height × width × 3.
        pixels: &'a mut [u8],
        /// Rows of 2, px.
        agent_pos: &'a mut [f64],
    },
}

impl<'a> ObsArrays<'a> {
    /// The rows, for `envs` environments with observations of this kind.
    pub(super) fn rows(
        self,
        envs: usize,
        modality: Modality,
        dimensions: Option<(u32, u32)>,
    ) -> Result<Vec<Self>, VecEnvError> {
        let picture = dimensions.map_or(0, |(width, height)| 3 * width as usize * height as usize);
        let misfit = |what, expected, found| VecEnvError::Arrays {
            envs,
            modality,
            what,
            expected,
            found,
        };
        let check = |what, row: usize, found| {
            let expected = envs * row;
            if found == expected {
                Ok(())
            } else {
                Err(misfit(what, expected, found))
            }
        };
        match (self, modality) {
            (Self::State(state), Modality::State) => {
                check("state", 5, state.len())?;
                Ok(state.chunks_exact_mut(5).map(Self::State).collect())
            }
            (
                Self::Keypoints {
                    environment_state,
                    agent_pos,
                },
                Modality::Keypoints,
            ) => {
                check("environment_state", 16, environment_state.len())?;
                check("agent_pos", 2, agent_pos.len())?;
                let rows = environment_state
                    .chunks_exact_mut(16)
                    .zip(agent_pos.chunks_exact_mut(2));
                Ok(rows
                    .map(|(environment_state, agent_pos)| Self::Keypoints {
                        environment_state,
                        agent_pos,
                    })
                    .collect())
            }
            (Self::Pixels(pixels), Modality::Pixels) => {
                check("pixels", picture, pixels.len())?;
                Ok(pixels.chunks_exact_mut(picture).map(Self::Pixels).collect())
            }
            (Self::PixelsAgentPos { pixels, agent_pos }, Modality::PixelsAgentPos) => {
                check("pixels", picture, pixels.len())?;
                check("agent_pos", 2, agent_pos.len())?;
                let rows = pixels.chunks_exact_mut(picture).zip(agent_pos.chunks_exact_mut(2));
                Ok(rows
                    .map(|(pixels, agent_pos)| Self::PixelsAgentPos { pixels, agent_pos })
                    .collect())
            }
            (other, _) => {
                let (what, found) = match &other {
                    Self::State(state) => ("state", state.len()),
                    Self::Keypoints { environment_state, .. } => ("environment_state", environment_state.len()),
                    Self::Pixels(pixels) | Self::PixelsAgentPos { pixels, .. } => ("pixels", pixels.len()),
                };
                Err(misfit(what, 0, found))
            }
        }
    }

    /// Writes the observation of one environment into its row.
    pub(super) fn write(&mut self, observer: &mut Observer, env: &PushT) {
        let agent = env.state().agent;
        match self {
            Self::State(state) => state.copy_from_slice(&env.state_observation()),
            Self::Keypoints {
                environment_state,
                agent_pos,
            } => {
                environment_state.copy_from_slice(&env.keypoints());
                agent_pos.copy_from_slice(&agent);
            }
            Self::Pixels(pixels) => {
                let _fits = observer.picture_into(env, pixels);
            }
            Self::PixelsAgentPos { pixels, agent_pos } => {
                let _fits = observer.picture_into(env, pixels);
                agent_pos.copy_from_slice(&agent);
            }
        }
    }
}
