//! Records of rollouts to goals.

use std::fmt;

use pusht_env::{Action, EnvConfig, State};
use pusht_jobs::{Shard, counted};
use serde::{Deserialize, Serialize};
use traj_metrics::{Interval, wilson};

use super::error::GoalError;
use super::protocol::{GoalProtocol, GoalRow};
use super::task::{GoalDistance, REACHED};
use crate::rollout::rows;

/// Version of the layout of a file of [`GoalRecord::write`].
pub const GOAL_SCHEMA: u32 = 1;

/// The rollouts of one policy to goals, in order of their start rows.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct GoalRecord {
    /// Layout version of the file, [`GOAL_SCHEMA`] in new records.
    pub schema: u32,
    /// Name of the policy.
    pub policy: String,
    /// Its settings.
    pub settings: serde_json::Value,
    /// Name of the demonstrations, if the caller gave it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub data: Option<String>,
    /// The protocol.
    pub protocol: GoalProtocol,
    /// What counts as success.
    pub success: GoalRule,
    /// Settings of the environment.
    pub env: EnvConfig,
    /// Number of this part, if these are the episodes of one part only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub part: Option<Shard>,
    /// One entry per episode.
    pub episodes: Vec<GoalEpisode>,
}

/// What counts as success: after any step, agent and T together nearer than this to the goal.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct GoalRule {
    /// Distance of the agent's and the T's positions as one point of four dimensions, px.
    pub position_below: f64,
    /// Difference of the T's angle, rad.
    pub angle_below: f64,
}

impl GoalRule {
    /// stable-worldmodel's: 20 px and π/9.
    pub(super) const PUBLISHED: Self = Self {
        position_below: REACHED.0,
        angle_below: REACHED.1,
    };
}

/// One rollout. With n steps executed there are n actions and n + 1 states.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct GoalEpisode {
    /// The row of the start.
    #[serde(flatten)]
    pub start: GoalRow,
    /// Velocity of the agent there, px/s.
    pub velocity: [f64; 2],
    /// The goal: agent x, y, T x, T y, angle, float32 as the states.
    #[serde(with = "rows::state")]
    pub goal: State,
    /// Actions as the policy gave them, px.
    pub actions: Vec<Action>,
    /// States before the first and after each step, rounded to float32. In files rows
    /// `[agent x, agent y, T x, T y, T angle]`.
    #[serde(with = "rows::states")]
    pub states: Vec<State>,
    /// Number of steps after which the goal was reached; the episode ends there.
    pub reached_after: Option<usize>,
}

impl GoalEpisode {
    /// The smallest [`GoalDistance::cost`] after any step.
    pub fn nearest(&self) -> f64 {
        let after = self.states.iter().skip(1);
        after
            .map(|&state| GoalDistance::between(state, self.goal).cost())
            .fold(f64::INFINITY, f64::min)
    }
}

/// Share of goals reached.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct GoalScores {
    /// Number of episodes.
    pub episodes: usize,
    /// Number of those that reached their goal.
    pub reached: usize,
    /// Their share with its 95 % Wilson score interval over episodes.
    pub share: Interval,
    /// Name of the interval.
    pub interval: &'static str,
    /// Mean number of steps of those that reached it.
    pub mean_steps: Option<f64>,
}

impl GoalRecord {
    /// The share of goals reached.
    ///
    /// # Errors
    /// No episodes.
    pub fn scores(&self) -> Result<GoalScores, GoalError> {
        let steps: Vec<usize> = self.episodes.iter().filter_map(|e| e.reached_after).collect();
        let reached = steps.len();
        Ok(GoalScores {
            episodes: self.episodes.len(),
            reached,
            share: wilson(reached, self.episodes.len())?,
            interval: "Wilson score, 95 %",
            mean_steps: (reached > 0).then(|| steps.iter().sum::<usize>() as f64 / reached as f64),
        })
    }

    /// Headline and scores.
    ///
    /// # Errors
    /// No episodes.
    pub fn summary(&self) -> Result<String, GoalError> {
        let GoalProtocol {
            offset, budget, seed, ..
        } = self.protocol;
        let data = self
            .data
            .as_deref()
            .map_or_else(String::new, |data| format!(" of {data}"));
        let changed = if self.protocol.as_published() { "" } else { " (changed)" };
        let part = self.part.map_or_else(String::new, |part| format!(", part {part}"));
        Ok(format!(
            "{}: protocol {}{changed}, {}{part}{data}, goals {} ahead, at most {}, seed {seed}\n{}",
            self.policy,
            GoalProtocol::NAME,
            counted(self.episodes.len(), "episode"),
            counted(offset, "row"),
            counted(budget, "step"),
            self.scores()?
        ))
    }
}

impl fmt::Display for GoalScores {
    /// Formats the share with its interval and the number of steps.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            episodes,
            reached,
            share,
            interval,
            mean_steps,
        } = self;
        write!(
            f,
            "goal reached (within 20 px and π/9)  {share:.3}  ({reached} of {episodes}; interval: {interval})"
        )?;
        match mean_steps {
            Some(steps) => write!(f, "\nsteps until then, mean               {steps:.1}"),
            None => Ok(()),
        }
    }
}
