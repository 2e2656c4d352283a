//! Why there are no clips.

use std::path::PathBuf;

use pusht_data::{DataError, SplitError, VideoModelError};
use pusht_vision::VisionError;
use video_gen::VideoGenError;
use video_io::VideoIoError;

/// Why there are no clips.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum GenerationError {
    /// A picture that a clip cannot begin or end with.
    #[error("{path:?} cannot be a clip's first or last frame: {reason}")]
    Picture {
        /// The file.
        path: PathBuf,
        /// What is wrong, and what was expected.
        reason: String,
    },
    /// A data set without an episode as long as a clip.
    #[error("no episode of the {part} part of {path:?} has {frames} frames; ask for fewer frames or another part")]
    TooShort {
        /// The data set.
        path: PathBuf,
        /// The part.
        part: &'static str,
        /// Frames of a clip.
        frames: usize,
    },
    /// Nothing to generate.
    #[error("a count of 0 clips; expected at least 1")]
    NoClips,
    /// A folder with files that are not ours, which clips could overwrite.
    #[error("{path:?} has files in it but no generation.json; choose a new or empty folder")]
    NotEmpty {
        /// The folder.
        path: PathBuf,
    },
    /// A folder that belongs to something else.
    #[error(
        "{path:?} was made with {setting} = {found}, now it is {asked}; go on with the old settings, or choose another folder"
    )]
    OtherSettings {
        /// Its record.
        path: PathBuf,
        /// What differs.
        setting: String,
        /// In the record.
        found: String,
        /// Now.
        asked: String,
    },
    /// Data without states.
    #[error("{path:?} has no states to measure against; expected demonstrations with states")]
    NoStates {
        /// The data set.
        path: PathBuf,
    },
    /// Clips that are between pictures, where demonstrations are needed.
    #[error(
        "{path:?}: its clips are between pictures; expected clips of `pusht generate --data`, to be held against demonstrations"
    )]
    NoDemonstrations {
        /// The folder.
        path: PathBuf,
    },
    /// A record that cannot be understood.
    #[error("{path:?} cannot be read: {reason}; remove it, or choose another folder")]
    Record {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// A file or folder.
    #[error("{path:?}: {source}")]
    Io {
        /// Its path.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// It was asked to stop.
    #[error("stopped after {done} of {count} clips; the same command goes on")]
    Stopped {
        /// Clips that are done.
        done: usize,
        /// Clips asked for.
        count: usize,
    },
    /// The data set.
    #[error(transparent)]
    Data(#[from] DataError),
    /// Its split.
    #[error(transparent)]
    Split(#[from] SplitError),
    /// The model's answer.
    #[error(transparent)]
    Video(#[from] VideoModelError),
    /// A video file.
    #[error(transparent)]
    VideoIo(#[from] VideoIoError),
    /// Measures of motion.
    #[error(transparent)]
    Metric(#[from] traj_metrics::MetricError),
    /// The board of a picture.
    #[error(transparent)]
    Vision(#[from] VisionError),
    /// The object-latent model.
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
