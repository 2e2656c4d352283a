//! What can go wrong with the pixel model before it generates.

use std::path::PathBuf;

use training::{ModelFileError, TrainingError};

use crate::object::VideoGenError;

/// Why there is no pixel model.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PixelError {
    /// A setting out of its range.
    #[error("{setting} is {found}; expected {expected}")]
    Config {
        /// Name of the setting.
        setting: &'static str,
        /// As given.
        found: String,
        /// What is allowed.
        expected: String,
    },
    /// A prompt that is no caption.
    #[error("the pixel model does not know the prompt {prompt:?}; it knows {known}")]
    Prompt {
        /// As given.
        prompt: String,
        /// All captions.
        known: String,
    },
    /// Nothing to learn from.
    #[error("there are no frames to learn from; hand in demonstrations of the training split")]
    NoFrames,
    /// A frame of another size.
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
    /// No episode that a clip can be cut from.
    #[error(
        "none of the {episodes} training episodes has {frames} frames or more; hand in longer ones, or make clips of \
         fewer groups"
    )]
    NoClips {
        /// Episodes handed in.
        episodes: usize,
        /// Frames of a clip.
        frames: usize,
    },
    /// States, for the captions, cannot be had.
    #[error(transparent)]
    States(#[from] VideoGenError),
    /// Agent and T cannot be looked for.
    #[error(transparent)]
    Vision(#[from] pusht_vision::VisionError),
    /// The transformer cannot be made.
    #[error(transparent)]
    Transformer(#[from] ltx_video::Error),
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
