//! Errors of the object-latent model before it generates.

use std::path::PathBuf;

use training::{ModelFileError, TrainingError};

/// Errors of training, saving and loading the object-latent model.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum VideoGenError {
    /// A setting is out of its range.
    #[error("{setting} is {found}; expected {expected}")]
    Config {
        /// Name of the setting.
        setting: &'static str,
        /// The given value.
        found: String,
        /// Allowed values.
        expected: &'static str,
    },
    /// No episode is long enough for a clip.
    #[error(
        "none of the {episodes} training episodes has 2 frames or more; hand in demonstrations of the training split"
    )]
    NoClips {
        /// Number of given episodes.
        episodes: usize,
    },
    /// The state in a frame is invalid or cannot be estimated.
    #[error("episode {index}, frame {frame}: {reason}")]
    Frame {
        /// Index of the episode in its source.
        index: usize,
        /// Index of the frame in the episode.
        frame: usize,
        /// The error, and what was expected.
        reason: String,
    },
    /// The training loop failed or was stopped.
    #[error(transparent)]
    Training(#[from] TrainingError),
    /// The file cannot be written or read, or is not a model.
    #[error(transparent)]
    File(#[from] ModelFileError),
    /// The statistics in a model file are invalid.
    #[error("{path:?}: the statistics are damaged: {reason}; train the model anew")]
    Statistics {
        /// The file.
        path: PathBuf,
        /// The error.
        reason: String,
    },
}
