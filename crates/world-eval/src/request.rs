//! Paths that a world is to follow.

use std::borrow::Borrow;

use pusht_data::History;
use pusht_env::{Action, AgentMotion, EnvConfig, EnvError, FillRule, Frame, Pose, PushT, Renderer, State};
use serde::{Deserialize, Serialize};

use crate::SIDE;
use crate::error::WorldEvalError;

/// A start and the actions from there on. The agent's path follows from them by the control law, whatever it pushes.
#[derive(Clone, Debug, PartialEq)]
pub struct PathRequest {
    /// The frame before `start`; at the beginning of an episode, `start` itself.
    pub previous: Frame,
    /// The first frame, 96 × 96.
    pub start: Frame,
    /// Motion of the agent in `start`.
    pub agent: AgentMotion,
    /// Pose of the T in `start`, for the simulator.
    pub block: Pose,
    /// One action per step.
    pub actions: Vec<Action>,
}

impl PathRequest {
    /// Number of frames of the clip, the first included.
    pub fn frames(&self) -> usize {
        self.actions.len() + 1
    }

    /// The beginning of a rollout.
    pub fn history(&self) -> History {
        History::in_motion(self.previous.clone(), self.start.clone(), self.agent)
    }

    /// The given path: the agent's position in every frame, board px.
    pub fn agent_path(&self) -> Vec<[f64; 2]> {
        let mut agent = self.agent;
        let mut path = vec![agent.position];
        path.extend(self.actions.iter().map(|&action| {
            agent.step(action);
            agent.position
        }));
        path
    }

    /// What the exact simulator makes of the same actions from the same start: the state in every frame. The simulator
    /// is put into the start state in the middle of the motion ([`PushT::set_motion`]).
    ///
    /// # Errors
    /// Numbers that are not finite.
    pub fn simulate(&self) -> Result<Vec<State>, EnvError> {
        let mut env = self.begin()?;
        let mut states = vec![env.state()];
        for &action in &self.actions {
            env.step(action)?;
            states.push(env.state());
        }
        Ok(states)
    }

    /// The frames of [`Self::simulate`]; the first is rendered as well.
    ///
    /// # Errors
    /// As there.
    pub fn simulated_frames(&self, rule: FillRule) -> Result<Vec<Frame>, WorldEvalError> {
        let mut renderer = Renderer::new(SIDE, rule)?;
        let mut env = self.begin()?;
        let mut frames = vec![renderer.render(&env.scene())];
        for &action in &self.actions {
            env.step(action)?;
            frames.push(renderer.render(&env.scene()));
        }
        Ok(frames)
    }

    /// The simulator in the start state.
    fn begin(&self) -> Result<PushT, EnvError> {
        let mut env = PushT::new(EnvConfig::gym_pusht().with_max_steps(None))?;
        let state = State {
            agent: self.agent.position,
            block: self.block,
        };
        env.set_motion(state, self.agent.velocity)?;
        Ok(env)
    }

    /// The first steps of the same path.
    pub(crate) fn first(&self, steps: usize) -> Self {
        let mut shorter = self.clone();
        shorter.actions.truncate(steps);
        shorter
    }
}

/// Where a path comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum PathOrigin {
    /// A window of a recorded episode.
    Demonstration {
        /// Index of the episode.
        episode: usize,
        /// Row of the first frame.
        row: usize,
    },
    /// An episode that the expert plays from a reset.
    Expert {
        /// Seed of the reset.
        seed: u64,
    },
}

/// A path, and what really happens along it.
#[derive(Clone, Debug, PartialEq)]
pub struct PathClip {
    /// Where it comes from.
    pub origin: PathOrigin,
    /// The path.
    pub request: PathRequest,
    /// The recorded frames, the first included.
    pub frames: Vec<Frame>,
    /// The state in each of them: recorded, or tracked where the recording has none.
    pub states: Vec<State>,
}

impl Borrow<PathRequest> for PathClip {
    fn borrow(&self) -> &PathRequest {
        &self.request
    }
}
