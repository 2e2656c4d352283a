//! What happened in roll-outs, step by step: one file from which the numbers of every protocol and criterion follow.

use super::{Protocol, RolloutPart, Scores, Summary};
use pusht_env::{Action, EnvConfig};
use pusht_jobs::{Shard, ShardError, write_file};
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

/// The version of the layout of a roll-out file.
pub const RECORD_SCHEMA: u32 = 1;

/// The roll-outs of one policy, in order of their start seeds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RolloutRecord {
    /// [`RECORD_SCHEMA`] when written.
    pub schema: u32,
    /// Name of the policy.
    pub policy: String,
    /// The environment: how starts follow from seeds, the goal.
    pub env: EnvConfig,
    /// Step limit: an episode ends there, or one step after its coverage first exceeds 0.95 at the latest.
    pub steps: usize,
    /// One entry an episode.
    pub episodes: Vec<EpisodeRecord>,
}

/// One roll-out. With n steps executed there are n actions, rewards and coverages and n + 1 states.
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
    /// `[agent x, agent y, T x, T y, T angle]` before the first and after each step, px and rad (angle in [0, 2π)),
    /// rounded to float32; seed and actions give them exactly again.
    pub states: Vec<[f32; 5]>,
}

/// A roll-out file: the record, and what it is worth under every protocol, which follows from it.
#[derive(Serialize)]
struct File<'a> {
    #[serde(flatten)]
    record: &'a RolloutRecord,
    scores: Vec<Summary>,
}

impl RolloutRecord {
    /// Writes it as JSON, beside its place first and then renamed. For readers in other languages the field `scores`
    /// holds its [`Summary`] under each protocol, cut to that protocol's step limit.
    ///
    /// # Errors
    /// What the file system says.
    pub fn write(&self, path: &Path) -> Result<(), RecordError> {
        let scores = |protocol: Protocol| {
            Scores::with_limit(self, protocol, protocol.steps())
                .ok()?
                .summary()
                .ok()
        };
        let contents = File {
            record: self,
            scores: Protocol::ALL.into_iter().filter_map(scores).collect(),
        };
        write_file(path, |file| Ok(serde_json::to_writer(file, &contents)?)).map_err(RecordError::io(path))
    }

    /// Reads what [`RolloutRecord::write`] wrote, and checks it.
    ///
    /// # Errors
    /// A file that cannot be read, is not a roll-out file, has another schema, or whose lengths contradict each other.
    pub fn read(path: &Path) -> Result<Self, RecordError> {
        let bytes = std::fs::read(path).map_err(RecordError::io(path))?;
        let record: Self = serde_json::from_slice(&bytes).map_err(|e| RecordError::Foreign {
            path: path.to_owned(),
            reason: match serde_json::from_slice::<RolloutPart>(&bytes) {
                Ok(part) => format!(
                    "it is part {} of one; join all parts with the example `merge`",
                    part.part
                ),
                Err(_) => e.to_string(),
            },
        })?;
        record.check(path)?;
        Ok(record)
    }

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

/// What can be wrong with a roll-out file.
#[derive(Debug, thiserror::Error)]
pub enum RecordError {
    /// The file system.
    #[error("{path}: {source}", path = path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What it said.
        source: std::io::Error,
    },
    /// Something else.
    #[error("{path} is not a roll-out file of this version: {reason}; make it anew with the example `rollout`", path = path.display())]
    Foreign {
        /// The file.
        path: PathBuf,
        /// What was found.
        reason: String,
    },
    /// Parts that do not join.
    #[error(transparent)]
    Parts(#[from] ShardError),
    /// A part of another roll-out.
    #[error("{path}: part {part} is of another roll-out: {what}", path = path.display())]
    OtherPart {
        /// The file.
        path: PathBuf,
        /// Which part it says it is.
        part: Shard,
        /// What differs.
        what: String,
    },
    /// Contradicting lengths.
    #[error(
        "episode of start seed {start_seed}: {actions} actions, {rewards} rewards, {coverage} coverages and {states} \
         states; expected 1 to {limit} actions, as many rewards and coverages and one state more"
    )]
    Lengths {
        /// Its start seed.
        start_seed: u64,
        /// Actions found.
        actions: usize,
        /// Rewards found.
        rewards: usize,
        /// Coverages found.
        coverage: usize,
        /// States found.
        states: usize,
        /// Step limit of the record.
        limit: usize,
    },
    /// Too few steps for a protocol.
    #[error(
        "the roll-outs were made for {found} steps, the protocol {protocol} needs {needed}: roll out again with \
         --steps {needed}"
    )]
    TooShort {
        /// The protocol.
        protocol: Protocol,
        /// Step limit of the record.
        found: usize,
        /// Step limit of the protocol.
        needed: usize,
    },
}

impl RecordError {
    /// Names the file in what the system says.
    pub(super) fn io(path: &Path) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::Io { path, source }
    }
}
