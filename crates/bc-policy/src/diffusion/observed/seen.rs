//! The part of an observation that the policy reads.

use pusht_env::{Frame, Modality, Observation, PolicyError, State};

use super::saved::{KEYPOINTS, STATE, Saved};
use crate::error::wrong_observation;

/// One observation.
#[derive(Clone, Copy, Debug)]
pub(super) enum Seen<'a> {
    Picture(&'a Frame, [f32; STATE]),
    Corners([f32; KEYPOINTS], [f32; STATE]),
}

impl Saved {
    /// Extracts what the policy reads from an observation.
    pub(super) fn see<'a>(&self, observation: &'a Observation) -> Result<Seen<'a>, PolicyError> {
        let floats = |x: &[f64; 2]| x.map(|x| x as f32);
        match (observation, self.image) {
            (Observation::PixelsAgentPos { pixels, agent_pos }, Some(_)) => {
                Ok(Seen::Picture(pixels, floats(agent_pos)))
            }
            (
                Observation::Keypoints {
                    environment_state,
                    agent_pos,
                },
                None,
            ) => Ok(Seen::Corners(environment_state.map(|x| x as f32), floats(agent_pos))),
            (other, _) => Err(wrong_observation(self.modality(), other)),
        }
    }

    /// What the policy reads from a frame and the state in it.
    pub(super) fn see_state<'a>(&self, frame: &'a Frame, state: &State) -> Seen<'a> {
        let agent = state.agent.map(|x| x as f32);
        match self.image {
            Some(_) => Seen::Picture(frame, agent),
            None => Seen::Corners(corners(state), agent),
        }
    }

    pub(super) fn modality(&self) -> Modality {
        match self.image {
            Some(_) => Modality::PixelsAgentPos,
            None => Modality::Keypoints,
        }
    }
}

/// The corners of the T as in the environment's observation: x and y alternating, bar before stem.
fn corners(state: &State) -> [f32; KEYPOINTS] {
    let vertices = [
        pusht_env::bar_vertices(state.block),
        pusht_env::stem_vertices(state.block),
    ];
    let numbers = vertices.as_flattened().as_flattened();
    std::array::from_fn(|i| numbers[i] as f32)
}
