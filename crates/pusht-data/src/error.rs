//! What can be wrong with data that a user hands in.

use std::path::{Path, PathBuf};

use crate::EpisodeError;

/// Why data could not be read, written or made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DataError {
    /// No such file or folder.
    #[error("{path}: not found; expected {expected}")]
    NotFound {
        /// The path that was asked for.
        path: PathBuf,
        /// What should lie there.
        expected: &'static str,
    },
    /// The path holds something that is none of the layouts that can be read.
    #[error("{path}: {found}; expected {expected}")]
    Unrecognized {
        /// The path that was asked for.
        path: PathBuf,
        /// What lies there.
        found: String,
        /// The layouts that can be read.
        expected: &'static str,
    },
    /// An array of a replay buffer is missing or of another layout.
    #[error("{path}: array {array}: expected {expected}, found {found}")]
    Layout {
        /// The replay buffer.
        path: PathBuf,
        /// The array within it.
        array: String,
        /// What a PushT replay buffer has there.
        expected: String,
        /// What lies there.
        found: String,
    },
    /// A chunk or file that cannot be read: truncated, corrupt, no permission.
    #[error("{path}: {item} cannot be read ({reason}); the copy is probably incomplete: fetch or make it again")]
    Unreadable {
        /// The file or replay buffer.
        path: PathBuf,
        /// Which part of it.
        item: String,
        /// What the reader says.
        reason: String,
    },
    /// A number that cannot be meant.
    #[error("{path}: {item}, row {row}: found {found}, expected {expected}")]
    Value {
        /// The file or replay buffer.
        path: PathBuf,
        /// Which part of it.
        item: String,
        /// First bad row.
        row: usize,
        /// What stood there.
        found: String,
        /// What may stand there.
        expected: &'static str,
    },
    /// An episode or row beyond the end.
    #[error("{path}: asked for {asked}, but there are only {available}")]
    OutOfRange {
        /// The file or replay buffer.
        path: PathBuf,
        /// What was asked for.
        asked: String,
        /// What there is.
        available: String,
    },
    /// Too few episodes asked for, or too many.
    #[error("{path}: {asked} episodes asked for; expected 1 to {available}")]
    Episodes {
        /// The file or replay buffer.
        path: PathBuf,
        /// What was asked for.
        asked: usize,
        /// What there is.
        available: usize,
    },
    /// An episode that nothing can be done with.
    #[error("{path}: {source}")]
    Episode {
        /// The file or replay buffer.
        path: PathBuf,
        /// What is wrong with it.
        source: EpisodeError,
    },
    /// An episode that the simulator refuses.
    #[error("{path}: episode {index} cannot be simulated: {reason}")]
    Simulation {
        /// The file, or the name of the source.
        path: PathBuf,
        /// Its index.
        index: usize,
        /// What the environment says.
        reason: String,
    },
    /// Demonstrations that the expert cannot give.
    #[error("{path}: no demonstrations: {reason}")]
    Demonstrations {
        /// Where they were to be written.
        path: PathBuf,
        /// What was asked for, or what the expert says.
        reason: String,
    },
    /// An episode that comes out otherwise than it was recorded.
    #[error(
        "{path}: episode {index} does not follow from its seed and actions (states differ by up to {states}, {pixels} \
         pixels differ); it was recorded in another environment or from another start, so it cannot be stored as a \
         simulated episode"
    )]
    Diverges {
        /// The set.
        path: PathBuf,
        /// First episode that differs.
        index: usize,
        /// Largest difference of a state's numbers.
        states: f64,
        /// Pixels that differ.
        pixels: usize,
    },
    /// The job was asked to stop.
    #[error(transparent)]
    Cancelled(#[from] pusht_jobs::Cancelled),
    /// The journal of an unfinished job.
    #[error(transparent)]
    Journal(#[from] pusht_jobs::JournalError),
    /// Parts that do not join.
    #[error(transparent)]
    Parts(#[from] pusht_jobs::ShardError),
    /// Something where a data set should be written.
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
        /// What the system says.
        reason: String,
    },
}

impl DataError {
    /// Names the path that could not be written.
    pub(crate) fn unwritable(path: &Path, reason: &(impl ToString + ?Sized)) -> Self {
        Self::Unwritable {
            path: path.to_path_buf(),
            reason: reason.to_string(),
        }
    }

    /// Names the path that an episode came from.
    pub(crate) fn episode(path: &Path, source: EpisodeError) -> Self {
        Self::Episode {
            path: path.to_path_buf(),
            source,
        }
    }
}
