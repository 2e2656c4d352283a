//! What can be wrong with the learned model.

use training::{ModelFileError, TrainingError};

/// Why there is no learned inverse dynamics.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LearnedError {
    /// A setting that cannot work.
    #[error("{setting} is {found}; expected {expected}")]
    Config {
        /// Its name.
        setting: &'static str,
        /// Its value.
        found: usize,
        /// What it should be.
        expected: &'static str,
    },
    /// No window to learn from.
    #[error("no training episode has a window of {needed} frames; the longest has {longest}: record longer episodes")]
    NoWindows {
        /// Frames of a window.
        needed: usize,
        /// Frames of the longest episode.
        longest: usize,
    },
    /// A picture of another size.
    #[error("episode {episode}: the frames are {width} × {height} px; the learned inverse dynamics reads 96 × 96")]
    FrameSize {
        /// Index of the episode.
        episode: usize,
        /// Width found.
        width: u32,
        /// Height found.
        height: u32,
    },
    /// A video that could not be damaged.
    #[error("a training video could not be damaged: {0}; set damaged_copies to 0 to train on the videos as they are")]
    Degradation(#[from] video_io::VideoIoError),
    /// A validation episode that could not be labeled.
    #[error("validation episode {episode}: {reason}")]
    Labels {
        /// Its index.
        episode: usize,
        /// Why.
        reason: String,
    },
    /// A model file with a calibration that means nothing.
    #[error("the model file's calibration is {found}; expected finite numbers, factors above 0")]
    Calibration {
        /// Its numbers.
        found: String,
    },
    /// The job was asked to stop.
    #[error(transparent)]
    Cancelled(#[from] pusht_jobs::Cancelled),
    /// The loop.
    #[error(transparent)]
    Training(#[from] TrainingError),
    /// The model's file.
    #[error(transparent)]
    File(#[from] ModelFileError),
}
