//! Errors.

use std::path::{Path, PathBuf};

use pusht_env::{EnvError, PolicyError, RenderError};
use pusht_jobs::{Cancelled, Shard, ShardError};
use traj_metrics::MetricError;

use crate::RolloutConfig;

/// Errors of rollouts to goals, and of their files.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum GoalError {
    /// A setting out of range.
    #[error("the {setting} is {value}; expected 1 to {most}", most = RolloutConfig::MOST)]
    Setting {
        /// Name of the setting.
        setting: &'static str,
        /// The value.
        value: usize,
    },
    /// Fewer starts than episodes.
    #[error(
        "{asked} episodes were asked for, and the demonstrations have {available} starts to draw from (rows with a goal {offset} \
         rows later, the last one left out; the longest has {longest} rows); ask for fewer episodes, a nearer goal, or give more \
         demonstrations"
    )]
    Starts {
        /// Episodes asked for.
        asked: usize,
        /// Starts to draw from.
        available: usize,
        /// Rows between start and goal.
        offset: usize,
        /// Rows of the longest demonstration.
        longest: usize,
    },
    /// A number of tasks other than that of episodes.
    #[error("there are {found} tasks for {expected} episodes; expected one for each")]
    Tasks {
        /// Number of episodes.
        expected: usize,
        /// Number of tasks.
        found: usize,
    },
    /// A goal that is not finite.
    #[error("the goal of demonstration {episode}, row {row} is not finite; expected px and rad")]
    Goal {
        /// Index of the demonstration.
        episode: usize,
        /// Row of the start.
        row: usize,
    },
    /// An episode out of range.
    #[error("there is no episode {episode}; the record holds {episodes}, counted from 0")]
    NoEpisode {
        /// The requested episode.
        episode: usize,
        /// Number of episodes.
        episodes: usize,
    },
    /// A file with other content.
    #[error(
        "{path} is not a file of rollouts to goals of this version: {reason}; make it anew with `pusht rollout --protocol \
         goal-conditioned`",
        path = path.display()
    )]
    Foreign {
        /// The file.
        path: PathBuf,
        /// Description of the content.
        reason: String,
    },
    /// A part of another rollout.
    #[error("{path}: part {part} is of another rollout: {what}", path = path.display())]
    OtherPart {
        /// The file.
        path: PathBuf,
        /// Number of the part.
        part: Shard,
        /// What differs.
        what: String,
    },
    /// Parts that do not join.
    #[error(transparent)]
    Parts(#[from] ShardError),
    /// An error of the file system.
    #[error("{path}: {source}", path = path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// The system's error.
        source: std::io::Error,
    },
    /// A record that cannot be written as JSON.
    #[error("the record cannot be written: {0}")]
    Json(#[from] serde_json::Error),
    /// The environment refused a state or an action.
    #[error(transparent)]
    Env(#[from] EnvError),
    /// A frame that cannot be rendered.
    #[error(transparent)]
    Render(#[from] RenderError),
    /// The policy failed.
    #[error(transparent)]
    Policy(#[from] PolicyError),
    /// A record without scores.
    #[error(transparent)]
    Metric(#[from] MetricError),
    /// The job was cancelled.
    #[error(transparent)]
    Cancelled(#[from] Cancelled),
}

impl GoalError {
    /// Adds the path to an error of the file system.
    pub(super) fn io(path: &Path) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::Io { path, source }
    }
}
