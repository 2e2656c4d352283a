//! Errors of the pixel model before it generates.

use std::path::PathBuf;

use training::{ModelFileError, TrainingError};

use crate::object::VideoGenError;

/// Errors of training, saving and loading the pixel model.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PixelError {
    /// A setting is out of its range.
    #[error("{setting} is {found}; expected {expected}")]
    Config {
        /// Name of the setting.
        setting: &'static str,
        /// The given value.
        found: String,
        /// Allowed values.
        expected: String,
    },
    /// The prompt is not a caption.
    #[error("the pixel model does not know the prompt {prompt:?}; it knows {known}")]
    Prompt {
        /// The given value.
        prompt: String,
        /// All captions.
        known: String,
    },
    /// There are no training frames.
    #[error("there are no frames to learn from; hand in demonstrations of the training split")]
    NoFrames,
    /// A frame has another size.
    #[error("frame {index} is {width} × {height} px; expected {side} × {side}")]
    Frame {
        /// Index of the frame.
        index: usize,
        /// Its width.
        width: u32,
        /// Its height.
        height: u32,
        /// The model's side.
        side: usize,
    },
    /// No episode is long enough for a clip.
    #[error(
        "none of the {episodes} training episodes has {frames} frames or more; hand in longer ones, or make clips of \
         fewer groups"
    )]
    NoClips {
        /// Number of given episodes.
        episodes: usize,
        /// Frames per clip.
        frames: usize,
    },
    /// States for the captions cannot be estimated.
    #[error(transparent)]
    States(#[from] VideoGenError),
    /// An error of the tracker.
    #[error(transparent)]
    Vision(#[from] pusht_vision::VisionError),
    /// An error of the transformer.
    #[error(transparent)]
    Transformer(#[from] ltx_video::Error),
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
