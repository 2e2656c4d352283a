//! Errors from this crate. A video that cannot be read is not an error.

use std::io;
use std::path::{Path, PathBuf};

/// Errors from a review job.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum VerdictsError {
    /// A file cannot be read or written.
    #[error("{}: {source}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// The underlying error.
        source: io::Error,
    },
    /// The file belongs to another job, or is not a file of this crate.
    #[error("{} holds {found}; expected what the same command left: name another --out, or remove it", path.display())]
    Foreign {
        /// The file.
        path: PathBuf,
        /// What was found in it.
        found: String,
    },
    /// The job was cancelled.
    #[error(transparent)]
    Cancelled(#[from] pusht_jobs::Cancelled),
    /// A journal cannot be read or written.
    #[error(transparent)]
    Journal(#[from] pusht_jobs::JournalError),
    /// There are no videos at a path.
    #[error(transparent)]
    Video(#[from] video_io::VideoIoError),
    /// Labeling failed.
    #[error(transparent)]
    Label(#[from] labeling::LabelError),
    /// The audit failed.
    #[error(transparent)]
    Audit(#[from] clip_audit::AuditError),
    /// The replay failed.
    #[error(transparent)]
    Replay(#[from] clip_audit::ReplayError),
    /// The distributions cannot be compared.
    #[error(transparent)]
    Distribution(#[from] clip_audit::DistributionError),
    /// The features of a network cannot be computed.
    #[error("no features: {reason}")]
    Features {
        /// The network's error message.
        reason: String,
    },
    /// There are too few videos for a distance.
    #[error("{real} real episodes and {clips} clips of {frames} frames and more; expected at least 4 and 2")]
    TooFewCuts {
        /// Real episodes that are long enough.
        real: usize,
        /// Clips that are long enough.
        clips: usize,
        /// Frames per cut.
        frames: usize,
    },
    /// Frames cannot be tracked.
    #[error(transparent)]
    Vision(#[from] pusht_vision::VisionError),
    /// A dataset cannot be read or written.
    #[error(transparent)]
    Data(#[from] pusht_data::DataError),
}

impl VerdictsError {
    pub(crate) fn io(path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_path_buf();
        move |source| Self::Io { path, source }
    }
}
