//! Prediction of the next frame from the last ones and an action.

use pusht_env::{Action, AgentMotion, Frame};

/// All that a world model knows of one rollout: its first and its last two frames, and the agent's motion.
///
/// A world model has no hidden state, so that a rollout can be copied, continued in several ways, or begun in the middle.
#[derive(Clone, Debug, PartialEq)]
pub struct History {
    /// The frame that the rollout began with: shows what the T may hide now.
    pub first: Frame,
    /// The frame before `current`; at the start of a rollout, `current` itself.
    pub previous: Frame,
    /// The last frame.
    pub current: Frame,
    /// Motion of the agent in `current`.
    pub agent: AgentMotion,
}

impl History {
    /// A rollout that begins with a frame in which the agent rests at `agent`, px of the 512 board.
    pub fn start(frame: Frame, agent: [f64; 2]) -> Self {
        Self::in_motion(frame.clone(), frame, AgentMotion::at_rest(agent))
    }

    /// A rollout that begins with the frame `current` in the middle of a motion; `previous` is the frame before it.
    pub fn in_motion(previous: Frame, current: Frame, agent: AgentMotion) -> Self {
        Self {
            first: current.clone(),
            previous,
            current,
            agent,
        }
    }

    /// Appends the frame after `action`; the agent moves by the environment's control law.
    pub fn advance(&mut self, action: Action, next: Frame) {
        self.previous = std::mem::replace(&mut self.current, next);
        self.agent.step(action);
    }
}

/// Predicts PushT frames.
///
/// # Example
///
/// A world in which nothing moves:
///
/// ```
/// use pusht_data::{History, WorldModel, WorldModelError};
/// use pusht_env::{Action, Frame};
///
/// struct Still;
///
/// impl WorldModel for Still {
///     fn name(&self) -> String {
///         "still".to_owned()
///     }
///
///     fn step(&self, histories: &[History], _: &[Action]) -> Result<Vec<Frame>, WorldModelError> {
///         Ok(histories.iter().map(|history| history.current.clone()).collect())
///     }
/// }
///
/// let mut history = History::start(Frame::new(96, 96), [256.0, 400.0]);
/// let action = [256.0, 256.0];
/// let next = Still.step(std::slice::from_ref(&history), &[action])?.remove(0);
/// history.advance(action, next);
/// assert!(history.agent.position[1] < 400.0);
/// # Ok::<(), WorldModelError>(())
/// ```
pub trait WorldModel {
    /// Name for reports.
    fn name(&self) -> String;

    /// The next frame of each rollout after its action, in order. A frame depends on its own history and action only,
    /// bit for bit, whatever else is in the batch.
    ///
    /// # Errors
    /// As many actions as histories are expected; frames or actions that the model cannot use; a failure of the model.
    fn step(&self, histories: &[History], actions: &[Action]) -> Result<Vec<Frame>, WorldModelError>;
}

/// Errors of a world model.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum WorldModelError {
    /// A number of actions other than that of histories.
    #[error("{actions} actions for {histories} rollouts; expected one for each")]
    Lengths {
        /// Number of histories.
        histories: usize,
        /// Number of actions.
        actions: usize,
    },
    /// A history or an action that the model cannot use.
    #[error("rollout {rollout}: {reason}")]
    Rollout {
        /// Index of the rollout.
        rollout: usize,
        /// What is wrong, and what was expected.
        reason: String,
    },
    /// A failure of the model itself.
    #[error("{model} failed: {reason}")]
    Failed {
        /// Name of the model.
        model: String,
        /// What went wrong.
        reason: String,
    },
}
