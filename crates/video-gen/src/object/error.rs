//! What can go wrong with a video model before it generates.

use std::path::PathBuf;

use training::{ModelFileError, TrainingError};

/// Why there is no trained model.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum VideoGenError {
    /// A setting out of its range.
    #[error("{setting} is {found}; expected {expected}")]
    Config {
        /// Name of the setting.
        setting: &'static str,
        /// As given.
        found: String,
        /// What is allowed.
        expected: &'static str,
    },
    /// No episode that a clip can be cut from.
    #[error(
        "none of the {episodes} training episodes has 2 frames or more; hand in demonstrations of the training split"
    )]
    NoClips {
        /// Episodes handed in.
        episodes: usize,
    },
    /// A frame whose objects are not where they can be.
    #[error("episode {index}, frame {frame}: {reason}")]
    Frame {
        /// Index of the episode in its source.
        index: usize,
        /// Frame of the episode.
        frame: usize,
        /// What is wrong, and what was expected.
        reason: String,
    },
    /// The training loop failed or was stopped.
    #[error(transparent)]
    Training(#[from] TrainingError),
    /// The file cannot be written or read, or is not a model.
    #[error(transparent)]
    File(#[from] ModelFileError),
    /// The file is a model, but its statistics cannot be.
    #[error("{path:?}: the statistics are damaged: {reason}; train the model anew")]
    Statistics {
        /// The file.
        path: PathBuf,
        /// What is wrong with them.
        reason: String,
    },
}
