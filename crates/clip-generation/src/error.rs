//! Errors of generating and reading folders of clips.

use std::path::PathBuf;

use pusht_data::{DataError, SplitError, VideoModelError};
use pusht_vision::VisionError;
use video_gen::VideoGenError;
use video_io::VideoIoError;

/// Errors of generating and reading folders of clips.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum GenerationError {
    /// An image cannot be a clip's first or last frame.
    #[error("{path:?} cannot be a clip's first or last frame: {reason}")]
    Picture {
        /// The file.
        path: PathBuf,
        /// The error, and what was expected.
        reason: String,
    },
    /// No episode of the dataset is as long as a clip.
    #[error("no episode of the {part} part of {path:?} has {frames} frames; ask for fewer frames or another part")]
    TooShort {
        /// The dataset.
        path: PathBuf,
        /// The part.
        part: &'static str,
        /// Frames per clip.
        frames: usize,
    },
    /// A reset that the environment refuses.
    #[error("a clip cannot begin at a reset to seed {seed}: {reason}")]
    NewStart {
        /// Seed of the reset.
        seed: u64,
        /// The error, and what was expected.
        reason: String,
    },
    /// The model refuses a clip's first or last frame, or its length.
    #[error("clip {index} ({ends}): {reason}")]
    Clip {
        /// Index of the clip.
        index: usize,
        /// Sources of its first and last frame.
        ends: String,
        /// What is wrong, and what was expected.
        reason: String,
    },
    /// The number of clips is 0.
    #[error("a count of 0 clips; expected at least 1")]
    NoClips,
    /// The folder has other files, which clips could overwrite.
    #[error("{path:?} has files in it but no generation.json; choose a new or empty folder")]
    NotEmpty {
        /// The folder.
        path: PathBuf,
    },
    /// The folder has clips of another plan.
    #[error(
        "{path:?} was made with {setting} = {found}, now it is {asked}; go on with the old settings, or choose another folder"
    )]
    OtherSettings {
        /// The record.
        path: PathBuf,
        /// The setting that differs.
        setting: String,
        /// Value in the record.
        found: String,
        /// Given value.
        asked: String,
    },
    /// The dataset has no states.
    #[error("{path:?} has no states to measure against; expected demonstrations with states")]
    NoStates {
        /// The dataset.
        path: PathBuf,
    },
    /// The clips are not between rows of demonstrations, which are needed.
    #[error(
        "{path:?}: its clips are not between rows of demonstrations; expected clips of `pusht generate --data`, to compare with demonstrations"
    )]
    NoDemonstrations {
        /// The folder.
        path: PathBuf,
    },
    /// The record cannot be parsed.
    #[error("{path:?} cannot be read: {reason}; remove it, or choose another folder")]
    Record {
        /// The file.
        path: PathBuf,
        /// The error.
        reason: String,
    },
    /// A file or folder cannot be read or written.
    #[error("{path:?}: {source}")]
    Io {
        /// Its path.
        path: PathBuf,
        /// Error of the operating system.
        source: std::io::Error,
    },
    /// The job was cancelled.
    #[error("stopped after {done} of {count} clips; the same command goes on")]
    Stopped {
        /// Number of finished clips.
        done: usize,
        /// Number of requested clips.
        count: usize,
    },
    /// The dataset.
    #[error(transparent)]
    Data(#[from] DataError),
    /// An error of the split.
    #[error(transparent)]
    Split(#[from] SplitError),
    /// An error of the video model.
    #[error(transparent)]
    Video(#[from] VideoModelError),
    /// An error of a video file.
    #[error(transparent)]
    VideoIo(#[from] VideoIoError),
    /// An error of the measures of motion.
    #[error(transparent)]
    Metric(#[from] traj_metrics::MetricError),
    /// An error of locating the board in an image.
    #[error(transparent)]
    Vision(#[from] VisionError),
    /// An error of the object-latent model.
    #[error(transparent)]
    Object(#[from] VideoGenError),
}

impl GenerationError {
    /// For `map_err`.
    pub(crate) fn io(path: &std::path::Path) -> impl FnOnce(std::io::Error) -> Self + '_ {
        |source| Self::Io {
            path: path.to_path_buf(),
            source,
        }
    }
}
