//! Errors of making, training and storing a pixel world.

use std::fmt::Display;

use training::{ModelFileError, TrainingError};

/// Errors of making, training and storing a [`crate::PixelWorld`].
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PixelWorldError {
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
    /// A model to train further has another network.
    #[error("the model's network is {found}; expected {expected}")]
    OtherNetwork {
        /// Settings of its network.
        found: String,
        /// Settings of the training.
        expected: String,
    },
    /// No episode is long enough to learn a step from.
    #[error("none of the {episodes} training episodes has 3 frames or more; expected demonstrations")]
    NoSteps {
        /// Number of given episodes.
        episodes: usize,
    },
    /// A frame that cannot be used.
    #[error("episode {index}, frame {frame}: {reason}")]
    Frame {
        /// Index of the episode in its source.
        index: usize,
        /// Index of the frame in the episode.
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
    /// The description in a model file is invalid.
    #[error("the model file is damaged: {reason}; train the model anew")]
    Card {
        /// What is wrong.
        reason: String,
    },
}

impl PixelWorldError {
    pub(crate) fn config(setting: &'static str, found: impl Display, expected: &'static str) -> Self {
        Self::Config {
            setting,
            found: found.to_string(),
            expected,
        }
    }
}
