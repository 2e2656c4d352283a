//! Errors of the model, its file and its input.

use diffusion_schedulers::NoiseError;
use nn_kit::CheckpointError;

/// Errors of loading and running Unified Video Action.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// An invalid setting.
    #[error("{setting} is {found}; expected {expected}")]
    Config {
        /// Name of the setting.
        setting: &'static str,
        /// Its value.
        found: String,
        /// Description of the valid values.
        expected: String,
    },
    /// Input of a wrong shape.
    #[error("{what} has shape {found:?}; expected {expected:?}")]
    Shape {
        /// Name of the input.
        what: &'static str,
        /// Its shape.
        found: Vec<usize>,
        /// Expected shape.
        expected: Vec<usize>,
    },
    /// An action scale that cannot be inverted.
    #[error("the actions are normalized by {found:?}; expected two finite scales other than 0 and two finite offsets")]
    Normalization {
        /// Scales and offsets.
        found: Vec<f32>,
    },
    /// A frame of a wrong size.
    #[error("frame {frame} is {width} × {height} px; expected {expected} × {expected}")]
    Frame {
        /// Index of the frame.
        frame: usize,
        /// Its width.
        width: u32,
        /// Its height.
        height: u32,
        /// Expected side.
        expected: usize,
    },
    /// A window that extends beyond the video.
    #[error(
        "the window at frame {start} ends beyond the video's {frames} frames; expected {needed} frames from its start on"
    )]
    Window {
        /// First frame of the window.
        start: usize,
        /// Number of frames in the video.
        frames: usize,
        /// Number of frames in a window.
        needed: usize,
    },
    /// The model returned numbers that are not finite.
    #[error("the model gave {what} that are not finite; the weights are damaged or of another model")]
    NotFinite {
        /// "latents" or "actions".
        what: &'static str,
    },
    /// An error of the schedule.
    #[error(transparent)]
    Schedule(#[from] NoiseError),
    /// An error of the weight file.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
}
