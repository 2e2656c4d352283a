//! Records of rollouts, step by step: one file from which the scores of every protocol and criterion can be computed.

use super::{RecordError, rows};
use pusht_env::{Action, EnvConfig, State};
use serde::{Deserialize, Serialize};
use std::path::Path;

/// Version of the layout of a rollout file.
pub const RECORD_SCHEMA: u32 = 1;

/// The rollouts of one policy, in order of their start seeds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RolloutRecord {
    /// Layout version of the file, [`RECORD_SCHEMA`] in new records.
    pub schema: u32,
    /// Name of the policy.
    pub policy: String,
    /// Settings of the environment, including start states and goal.
    pub env: EnvConfig,
    /// Step limit: an episode ends there, or one step after its coverage first exceeds 0.95 at the latest.
    pub steps: usize,
    /// One entry per episode.
    pub episodes: Vec<EpisodeRecord>,
}

/// One rollout. With n steps executed there are n actions, rewards and coverages and n + 1 states.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct EpisodeRecord {
    /// The seed of its start.
    pub start_seed: u64,
    /// Actions as the policy gave them, px.
    pub actions: Vec<Action>,
    /// Reward after each step, in [0, 1].
    pub rewards: Vec<f64>,
    /// Covered share of the goal after each step, in [0, 1].
    pub coverage: Vec<f64>,
    /// States before the first and after each step, with the angle in [0, 2π), rounded to float32; seed and actions
    /// determine the exact ones. In files rows `[agent x, agent y, T x, T y, T angle]`.
    #[serde(with = "rows::states")]
    pub states: Vec<State>,
}

impl RolloutRecord {
    pub(super) fn check(&self, path: &Path) -> Result<(), RecordError> {
        if self.schema != RECORD_SCHEMA {
            return Err(RecordError::Foreign {
                path: path.to_owned(),
                reason: format!("schema {} instead of {RECORD_SCHEMA}", self.schema),
            });
        }
        for episode in &self.episodes {
            episode.check(self.steps)?;
        }
        Ok(())
    }
}

impl EpisodeRecord {
    pub(crate) fn check(&self, limit: usize) -> Result<(), RecordError> {
        let n = self.actions.len();
        let lengths = [
            self.rewards.len(),
            self.coverage.len(),
            self.states.len().saturating_sub(1),
        ];
        if n == 0 || n > limit || lengths != [n; 3] || self.states.is_empty() {
            return Err(RecordError::Lengths {
                start_seed: self.start_seed,
                actions: n,
                rewards: self.rewards.len(),
                coverage: self.coverage.len(),
                states: self.states.len(),
                limit,
            });
        }
        Ok(())
    }
}
