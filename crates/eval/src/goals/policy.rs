//! The interface of policies that are given a goal.

use pusht_env::{Action, AgentMotion, Frame, PolicyError, PushT, State};

use super::task::GoalTask;

/// What a policy may see of an episode. Which of it a policy uses is part of its description: learned ones should use the
/// frames and the agent's motion only.
#[derive(Clone, Copy, Debug)]
pub struct GoalView<'a> {
    /// Number of the episode among all.
    pub episode: usize,
    /// Steps played.
    pub step: usize,
    /// Steps left, the next one included; at least 1.
    pub left: usize,
    /// The exact simulator as it stands, contacts included.
    pub env: &'a PushT,
    /// Start and goal.
    pub task: &'a GoalTask,
    /// The frames, if [`GoalPolicy::needs_frames`].
    pub frames: Option<GoalFrames<'a>>,
}

/// Frames of an episode, 96 × 96, all rendered from states.
#[derive(Clone, Copy, Debug)]
pub struct GoalFrames<'a> {
    /// The frame before `current`.
    pub previous: &'a Frame,
    /// The frame now.
    pub current: &'a Frame,
    /// The frame to reach.
    pub goal: &'a Frame,
}

impl GoalView<'_> {
    /// Position and velocity of the agent: what stable-worldmodel calls proprio.
    pub fn agent(&self) -> AgentMotion {
        AgentMotion {
            position: self.env.state().agent,
            velocity: self.env.agent_velocity(),
        }
    }

    /// The state to reach.
    pub fn goal(&self) -> State {
        self.task.goal
    }
}

/// How much a policy planned.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct GoalEffort {
    /// Number of plans made; each serves for several steps.
    pub decisions: usize,
    /// Decisions for which the model had no plan, so that the agent stayed where it was.
    pub without_plan: usize,
}

/// Chooses actions that lead to a goal.
pub trait GoalPolicy {
    /// Name for reports.
    fn name(&self) -> String;

    /// Its settings, for the record; null if it has none.
    fn settings(&self) -> serde_json::Value {
        serde_json::Value::Null
    }

    /// Whether it needs [`GoalView::frames`].
    fn needs_frames(&self) -> bool {
        false
    }

    /// Most episodes that it is asked about at once. Progress is shown, and a cancelled job ends, between calls.
    fn together(&self) -> usize {
        64
    }

    /// Writes one action for each view, px. It depends on the view and on what the policy answered before in the same
    /// episode, not on other episodes; an episode begins with step 0.
    ///
    /// # Errors
    /// A model that fails.
    fn act(&mut self, views: &[GoalView<'_>], out: &mut [Action]) -> Result<(), PolicyError>;

    /// How much it planned since it was made.
    fn effort(&self) -> GoalEffort {
        GoalEffort::default()
    }
}
