//! What stops a whole job. A single video that cannot be labeled does not.

use std::path::{Path, PathBuf};

/// Why there are no labels.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LabelError {
    /// A file of labels that belongs to another job or is none.
    #[error("{path:?}: {found}; expected {expected}")]
    Foreign {
        /// The file.
        path: PathBuf,
        /// What lies there.
        found: String,
        /// What should.
        expected: String,
    },
    /// The output is there already, and is not what the job makes.
    #[error("{path:?} exists already and is not what these videos and settings give; remove it or choose another name")]
    Exists {
        /// The path.
        path: PathBuf,
    },
    /// Reading or writing failed.
    #[error("{path:?}: {source}")]
    Io {
        /// The file.
        path: PathBuf,
        /// The cause.
        source: std::io::Error,
    },
    /// The job was asked to stop.
    #[error(transparent)]
    Cancelled(#[from] pusht_jobs::Cancelled),
    /// The journal of the labels.
    #[error(transparent)]
    Journal(#[from] pusht_jobs::JournalError),
    /// Parts that do not join.
    #[error(transparent)]
    Parts(#[from] pusht_jobs::ShardError),
    /// The data set.
    #[error(transparent)]
    Data(#[from] pusht_data::DataError),
    /// The goal.
    #[error(transparent)]
    Vision(#[from] pusht_vision::VisionError),
}

/// Why one video has no labels.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum VideoError {
    /// It cannot be read.
    #[error(transparent)]
    Video(#[from] video_io::VideoIoError),
    /// It shows no board, or has frames of another size.
    #[error(transparent)]
    Vision(#[from] pusht_vision::VisionError),
    /// The inverse dynamics refuses it.
    #[error(transparent)]
    Idm(#[from] pusht_data::IdmError),
    /// Its actions cannot be measured.
    #[error(transparent)]
    Metric(#[from] traj_metrics::MetricError),
    /// Too short.
    #[error("it has {frames} frames at 10 a second; an action needs two")]
    TooShort {
        /// Frames at 10 Hz.
        frames: usize,
    },
}

impl LabelError {
    pub(crate) fn io(path: &Path) -> impl FnOnce(std::io::Error) -> Self + '_ {
        move |source| Self::Io {
            path: path.to_path_buf(),
            source,
        }
    }
}
