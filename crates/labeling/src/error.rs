//! Errors that stop a whole job. A single video that cannot be labeled does not.

use std::path::{Path, PathBuf};

/// Errors from a labeling job.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LabelError {
    /// The file belongs to another job, or is no file of labels.
    #[error("{path:?}: {found}; expected {expected}")]
    Foreign {
        /// The file.
        path: PathBuf,
        /// What was found.
        found: String,
        /// What was expected.
        expected: String,
    },
    /// The output exists already and is not the one of this job.
    #[error("{path:?} exists already and is not what these videos and settings give; remove it or choose another name")]
    Exists {
        /// The path.
        path: PathBuf,
    },
    /// A video of a finished dataset that cannot be read any more.
    #[error(
        "{path:?} is part of the dataset {dataset:?} and cannot be labeled any more ({reason}); put it back as it was, or \
         choose another name for the dataset of the other videos; nothing was changed"
    )]
    Lost {
        /// The video.
        path: PathBuf,
        /// Why it cannot be labeled.
        reason: String,
        /// The dataset.
        dataset: PathBuf,
    },
    /// Reading or writing failed.
    #[error("{path:?}: {source}")]
    Io {
        /// The file.
        path: PathBuf,
        /// The underlying error.
        source: std::io::Error,
    },
    /// The job was cancelled.
    #[error(transparent)]
    Cancelled(#[from] pusht_jobs::Cancelled),
    /// The journal of the labels cannot be read or written.
    #[error(transparent)]
    Journal(#[from] pusht_jobs::JournalError),
    /// The shards do not form a whole job.
    #[error(transparent)]
    Parts(#[from] pusht_jobs::ShardError),
    /// The dataset cannot be read or written.
    #[error(transparent)]
    Data(#[from] pusht_data::DataError),
    /// The tracker or the registration cannot be built for the goal.
    #[error(transparent)]
    Vision(#[from] pusht_vision::VisionError),
}

/// Errors from labeling one video.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum VideoError {
    /// The video cannot be read.
    #[error(transparent)]
    Video(#[from] video_io::VideoIoError),
    /// The video shows no board, or has frames of another size.
    #[error(transparent)]
    Vision(#[from] pusht_vision::VisionError),
    /// The inverse dynamics model failed on it.
    #[error(transparent)]
    Idm(#[from] pusht_data::IdmError),
    /// The measures of its actions cannot be computed.
    #[error(transparent)]
    Metric(#[from] traj_metrics::MetricError),
    /// The video is too short.
    #[error("it has {frames} frames at 10 per second; an action needs two")]
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
