//! Errors from data.

use std::path::{Path, PathBuf};

use crate::EpisodeError;

/// Errors from reading, writing or making data.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DataError {
    /// No such file or folder.
    #[error("{path}: not found; expected {expected}")]
    NotFound {
        /// The requested path.
        path: PathBuf,
        /// What the path should hold.
        expected: &'static str,
    },
    /// A path that holds none of the supported layouts.
    #[error("{path}: {found}; expected {expected}")]
    Unrecognized {
        /// The requested path.
        path: PathBuf,
        /// What the path holds.
        found: String,
        /// The supported layouts.
        expected: &'static str,
    },
    /// An array of a replay buffer is missing or has another layout.
    #[error("{path}: array {array}: expected {expected}, found {found}")]
    Layout {
        /// The replay buffer.
        path: PathBuf,
        /// The array within it.
        array: String,
        /// What a PushT replay buffer has in this place.
        expected: String,
        /// What was found.
        found: String,
    },
    /// A chunk or file that cannot be read: truncated, corrupt, no permission.
    #[error("{path}: {item} cannot be read ({reason}); the copy is probably incomplete: fetch or make it again")]
    Unreadable {
        /// The file or replay buffer.
        path: PathBuf,
        /// The part of it that cannot be read.
        item: String,
        /// The reader's error.
        reason: String,
    },
    /// An invalid value.
    #[error("{path}: {item}, row {row}: found {found}, expected {expected}")]
    Value {
        /// The file or replay buffer.
        path: PathBuf,
        /// The part of it with the value.
        item: String,
        /// First bad row.
        row: usize,
        /// The value found.
        found: String,
        /// The valid values.
        expected: &'static str,
    },
    /// An episode or row beyond the end.
    #[error("{path}: asked for {asked}, but there are only {available}")]
    OutOfRange {
        /// The file or replay buffer.
        path: PathBuf,
        /// The requested item.
        asked: String,
        /// The available items.
        available: String,
    },
    /// A number of episodes of zero, or beyond the available ones.
    #[error("{path}: {asked} episodes asked for; expected 1 to {available}")]
    Episodes {
        /// The file or replay buffer.
        path: PathBuf,
        /// The requested number.
        asked: usize,
        /// The available number.
        available: usize,
    },
    /// An episode with invalid content.
    #[error("{path}: {source}")]
    Episode {
        /// The file or replay buffer.
        path: PathBuf,
        /// The violation.
        source: EpisodeError,
    },
    /// An episode that the simulator refuses.
    #[error("{path}: episode {index} cannot be simulated: {reason}")]
    Simulation {
        /// The file, or the name of the source.
        path: PathBuf,
        /// Its index.
        index: usize,
        /// The environment's error.
        reason: String,
    },
    /// Demonstrations that the expert cannot make.
    #[error("{path}: no demonstrations: {reason}")]
    Demonstrations {
        /// The target path.
        path: PathBuf,
        /// The invalid setting, or the expert's error.
        reason: String,
    },
    /// An episode that differs from its recording when simulated again.
    #[error(
        "{path}: episode {index} does not follow from its seed and actions (states differ by up to {states}, {pixels} \
         pixels differ); it was recorded in another environment or from another start, so it cannot be stored as a \
         simulated episode"
    )]
    Diverges {
        /// The dataset.
        path: PathBuf,
        /// First episode that differs.
        index: usize,
        /// Largest difference between values of a state.
        states: f64,
        /// Pixels that differ.
        pixels: usize,
    },
    /// The job was cancelled.
    #[error(transparent)]
    Cancelled(#[from] pusht_jobs::Cancelled),
    /// An error of the journal of an unfinished job.
    #[error(transparent)]
    Journal(#[from] pusht_jobs::JournalError),
    /// Parts that do not form one dataset.
    #[error(transparent)]
    Parts(#[from] pusht_jobs::ShardError),
    /// The path of a new dataset exists already.
    #[error("{path} exists already; remove it or choose another name")]
    Exists {
        /// The path.
        path: PathBuf,
    },
    /// A file that cannot be written.
    #[error("{path}: cannot be written ({reason}); check the folder, its permissions and the free space")]
    Unwritable {
        /// The file or folder.
        path: PathBuf,
        /// The system's error.
        reason: String,
    },
}

impl DataError {
    /// Adds the path that could not be written.
    pub(crate) fn unwritable(path: &Path, reason: &(impl ToString + ?Sized)) -> Self {
        Self::Unwritable {
            path: path.to_path_buf(),
            reason: reason.to_string(),
        }
    }

    /// Adds the path from which an episode came.
    pub(crate) fn episode(path: &Path, source: EpisodeError) -> Self {
        Self::Episode {
            path: path.to_path_buf(),
            source,
        }
    }
}
