//! What can be wrong with what is asked of this crate; a video that cannot be read is no error.

use std::io;
use std::path::{Path, PathBuf};

/// Why there are no verdicts.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum VerdictsError {
    /// A file that cannot be read or written.
    #[error("{}: {source}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A file of another job, or none of ours.
    #[error("{} holds {found}; expected what the same command left: name another --out, or remove it", path.display())]
    Foreign {
        /// The file.
        path: PathBuf,
        /// What it holds.
        found: String,
    },
    /// The job was asked to stop.
    #[error(transparent)]
    Cancelled(#[from] pusht_jobs::Cancelled),
    /// A journal that cannot be read or written.
    #[error(transparent)]
    Journal(#[from] pusht_jobs::JournalError),
    /// No videos at a path.
    #[error(transparent)]
    Video(#[from] video_io::VideoIoError),
    /// The labels' own failure.
    #[error(transparent)]
    Label(#[from] labeling::LabelError),
    /// The audit's own failure.
    #[error(transparent)]
    Audit(#[from] clip_audit::AuditError),
    /// The replays' own failure.
    #[error(transparent)]
    Replay(#[from] clip_audit::ReplayError),
    /// The distribution's own failure.
    #[error(transparent)]
    Distribution(#[from] clip_audit::DistributionError),
    /// Features of a network that cannot be had.
    #[error("no features: {reason}")]
    Features {
        /// What the network says.
        reason: String,
    },
    /// Too few videos for a distance.
    #[error("{real} real episodes and {clips} clips of {frames} frames and more; expected at least 4 and 2")]
    TooFewCuts {
        /// Real episodes that are long enough.
        real: usize,
        /// Clips that are.
        clips: usize,
        /// Frames of a cut.
        frames: usize,
    },
    /// Frames that cannot be tracked.
    #[error(transparent)]
    Vision(#[from] pusht_vision::VisionError),
    /// A data set that cannot be read or written.
    #[error(transparent)]
    Data(#[from] pusht_data::DataError),
}

impl VerdictsError {
    pub(crate) fn io(path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_path_buf();
        move |source| Self::Io { path, source }
    }
}
