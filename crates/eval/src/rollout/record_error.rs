//! Errors of rollout files.

use std::path::{Path, PathBuf};

use pusht_jobs::{Shard, ShardError};

use super::Protocol;

/// Errors of rollout files.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RecordError {
    /// An error of the file system.
    #[error("{path}: {source}", path = path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// The system's error.
        source: std::io::Error,
    },
    /// A file with other content.
    #[error("{path} is not a rollout file of this version: {reason}; make it anew with `pusht rollout`", path = path.display())]
    Foreign {
        /// The file.
        path: PathBuf,
        /// Description of the content.
        reason: String,
    },
    /// Parts that do not join.
    #[error(transparent)]
    Parts(#[from] ShardError),
    /// A part of another rollout.
    #[error("{path}: part {part} is of another rollout: {what}", path = path.display())]
    OtherPart {
        /// The file.
        path: PathBuf,
        /// Part number in the file.
        part: Shard,
        /// What differs.
        what: String,
    },
    /// Inconsistent lengths.
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
    /// A record with too few steps for a protocol.
    #[error(
        "the rollouts were made for {found} steps, the protocol {protocol} needs {needed}: roll out again with \
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
    /// Adds the path to an error of the file system.
    pub(super) fn io(path: &Path) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::Io { path, source }
    }
}
