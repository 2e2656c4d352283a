//! Errors of the learned model.

use training::{ModelFileError, TrainingError};

/// Errors from training and loading the learned inverse dynamics.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LearnedError {
    /// A setting is out of its range.
    #[error("{setting} is {found}; expected {expected}")]
    Config {
        /// Name of the setting.
        setting: &'static str,
        /// The given value.
        found: usize,
        /// Allowed values.
        expected: &'static str,
    },
    /// No training episode is long enough for a window.
    #[error("no training episode has a window of {needed} frames; the longest has {longest}: record longer episodes")]
    NoWindows {
        /// Frames of a window.
        needed: usize,
        /// Frames of the longest episode.
        longest: usize,
    },
    /// A frame is not 96 × 96 px.
    #[error("episode {episode}: the frames are {width} × {height} px; the learned inverse dynamics reads 96 × 96")]
    FrameSize {
        /// Index of the episode.
        episode: usize,
        /// Width found.
        width: u32,
        /// Height found.
        height: u32,
    },
    /// A training video could not be corrupted.
    #[error("a training video could not be damaged: {0}; set damaged_copies to 0 to train on the videos as they are")]
    Degradation(#[from] video_io::VideoIoError),
    /// A validation episode could not be labeled.
    #[error("validation episode {episode}: {reason}")]
    Labels {
        /// Index of the episode.
        episode: usize,
        /// The cause.
        reason: String,
    },
    /// The calibration in a model file is invalid.
    #[error("the model file's calibration is {found}; expected finite numbers, factors above 0")]
    Calibration {
        /// The values.
        found: String,
    },
    /// The job was cancelled.
    #[error(transparent)]
    Cancelled(#[from] pusht_jobs::Cancelled),
    /// An error of the training loop.
    #[error(transparent)]
    Training(#[from] TrainingError),
    /// An error of the model's file.
    #[error(transparent)]
    File(#[from] ModelFileError),
}
