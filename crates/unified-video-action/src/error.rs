//! What can be wrong with the model, its file and its input.

use diffusion_schedulers::NoiseError;
use nn_kit::CheckpointError;

/// Why there is no model, or no output.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A size that cannot be.
    #[error("{setting} is {found}; expected {expected}")]
    Config {
        /// Its name.
        setting: &'static str,
        /// Its value.
        found: String,
        /// What it should be.
        expected: String,
    },
    /// Input of another shape.
    #[error("{what} has shape {found:?}; expected {expected:?}")]
    Shape {
        /// Which input.
        what: &'static str,
        /// Its shape.
        found: Vec<usize>,
        /// The shape that fits.
        expected: Vec<usize>,
    },
    /// A normalization that cannot be undone.
    #[error("the actions are normalized by {found:?}; expected two finite scales other than 0 and two finite offsets")]
    Normalization {
        /// Scales and offsets.
        found: Vec<f32>,
    },
    /// A frame of another size.
    #[error("frame {frame} is {width} × {height} px; expected {expected} × {expected}")]
    Frame {
        /// Which one.
        frame: usize,
        /// Its width.
        width: u32,
        /// Its height.
        height: u32,
        /// The side expected.
        expected: usize,
    },
    /// A window of frames that the video does not have.
    #[error(
        "the window at frame {start} ends beyond the video's {frames} frames; expected {needed} frames from its start on"
    )]
    Window {
        /// Its first frame.
        start: usize,
        /// Frames of the video.
        frames: usize,
        /// Frames of a window.
        needed: usize,
    },
    /// Numbers that are not finite came out.
    #[error("the model gave {what} that are not finite; the weights are damaged or of another model")]
    NotFinite {
        /// Latents or actions.
        what: &'static str,
    },
    /// The schedule.
    #[error(transparent)]
    Schedule(#[from] NoiseError),
    /// The file.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
}
