//! The goal-conditioned protocol of stable-worldmodel and DINO-WM.

mod baselines;
mod draw;
mod error;
mod file;
mod film;
mod policy;
mod protocol;
mod record;
mod run;
mod task;

pub use baselines::{AlongDemonstration, WithoutAgentGoal};
pub use error::GoalError;
pub use policy::{GoalEffort, GoalFrames, GoalPolicy, GoalView};
pub use protocol::{GoalProtocol, GoalRow};
pub use record::{GOAL_SCHEMA, GoalEpisode, GoalRecord, GoalRule, GoalScores};
pub use run::{GoalRun, GoalTiming, rollout_to_goals};
pub use task::{GoalDistance, GoalTask};
