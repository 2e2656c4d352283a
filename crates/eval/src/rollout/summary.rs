//! Summary of a policy's scores, each with its interval.

use super::{EpisodeScores, FIRST_START_SEED, Protocol, RolloutScores};
use pusht_jobs::counted;
use serde::{Deserialize, Serialize};
use std::fmt;
use traj_metrics::{Bounds, Interval, MetricError};

/// Means over episodes with 95 % intervals (bootstrap over episodes; none for a single episode).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Summary {
    /// The protocol.
    pub protocol: Protocol,
    /// Whether episodes, steps and start seeds are those of the protocol.
    pub as_prescribed: bool,
    /// Seed of the first start; `None` in files of earlier versions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first_start_seed: Option<u64>,
    /// Number of episodes.
    pub episodes: usize,
    /// Step limit.
    pub steps: usize,
    /// Mean reward per step; a solved episode keeps its reward of 1 for the remaining steps.
    pub mean_reward: Interval,
    /// Mean reward over executed steps only.
    pub mean_reward_executed: Interval,
    /// Maximum reward of an episode.
    pub max_reward: Interval,
    /// Coverage after the last step.
    pub final_coverage: Interval,
    /// Share of episodes with a coverage above 0.95 after any step.
    pub solved: Interval,
    /// Share of episodes in which the T came within 20 px and 20° of the goal.
    pub pose_reached: Interval,
}

impl RolloutScores {
    /// Means over episodes with their intervals.
    ///
    /// # Errors
    /// No episodes, or a number that is not finite.
    pub fn summary(&self) -> Result<Summary, MetricError> {
        let prescribed = (self.protocol.steps(), self.protocol.episodes()) == (self.steps, self.episodes.len());
        let starts = self.episodes.iter().map(|e| e.start_seed);
        Ok(Summary {
            protocol: self.protocol,
            as_prescribed: prescribed && starts.eq((FIRST_START_SEED..).take(self.episodes.len())),
            first_start_seed: self.episodes.first().map(|episode| episode.start_seed),
            episodes: self.episodes.len(),
            steps: self.steps,
            mean_reward: self.interval(|e| e.mean_reward)?,
            mean_reward_executed: self.interval(|e| e.mean_reward_executed)?,
            max_reward: self.interval(|e| e.max_reward)?,
            final_coverage: self.interval(|e| e.final_coverage)?,
            solved: self.interval(EpisodeScores::success)?,
            pose_reached: self.interval(|e| f64::from(u8::from(e.pose_reached)))?,
        })
    }
}

impl Summary {
    /// How episodes, steps and starts differ from those of the protocol, in parentheses; empty if they do not.
    fn changes(&self) -> String {
        if self.as_prescribed {
            return String::new();
        }
        let mut all = Vec::new();
        let [episodes, steps] = [self.protocol.episodes(), self.protocol.steps()];
        if self.episodes != episodes {
            all.push(format!("{} instead of {episodes} episodes", self.episodes));
        }
        if self.steps != steps {
            all.push(format!("{} instead of {steps} steps", self.steps));
        }
        if let Some(seed) = self.first_start_seed.filter(|seed| *seed != FIRST_START_SEED) {
            all.push(format!("start seeds from {seed} instead of {FIRST_START_SEED}"));
        }
        if all.is_empty() {
            all.push("other start seeds".to_owned());
        }
        format!(" (changed: {})", all.join(", "))
    }
}

impl fmt::Display for Summary {
    /// Formats a headline and one line per score, with its interval.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let changed = self.changes();
        let (protocol, episodes, steps) = (self.protocol, self.episodes, self.steps);
        write!(
            f,
            "protocol {protocol}{changed}, {}, at most {}",
            counted(episodes, "episode"),
            counted(steps, "step")
        )?;
        for (name, value) in [
            ("mean reward per step", self.mean_reward),
            ("  over executed steps only", self.mean_reward_executed),
            ("maximum reward", self.max_reward),
            ("final coverage", self.final_coverage),
            ("solved (coverage > 0.95)", self.solved),
            ("T within 20 px and 20°", self.pose_reached),
        ] {
            let Interval { mean, bounds } = value;
            write!(f, "\n{name:<28} {mean:.4}  ")?;
            match bounds {
                Some(Bounds { low, high }) => write!(f, "95 % interval {low:.4} to {high:.4}")?,
                None => write!(f, "no interval from one episode")?,
            }
        }
        Ok(())
    }
}
