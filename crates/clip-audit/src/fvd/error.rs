//! Errors from the Fréchet video distance.

use nn_kit::CheckpointError;

/// Errors from loading I3D or computing its features.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FvdError {
    /// The weights cannot be read, or are not those of I3D.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
    /// A tensor has another shape.
    #[error("{name} has shape {found:?}; expected {expected:?}, as in I3D trained on Kinetics-400 from RGB")]
    Shape {
        /// Name of the tensor.
        name: String,
        /// Shape found.
        found: Vec<usize>,
        /// Shape expected.
        expected: Vec<usize>,
    },
    /// The video has too few frames.
    #[error(
        "a video of {found} frames; I3D needs at least {needed}, and videos that are compared should be equally long"
    )]
    TooShort {
        /// Frames found.
        found: usize,
        /// Frames needed.
        needed: usize,
    },
    /// The frames differ in size or have no pixels.
    #[error("frame {index} is {found:?} px; expected {expected:?} as in frame 0, at least 1 px a side")]
    FrameSize {
        /// Index of the frame.
        index: usize,
        /// Width and height.
        found: (u32, u32),
        /// Width and height of frame 0.
        expected: (u32, u32),
    },
    /// The device failed.
    #[error("the features cannot be read back from the device: {reason}")]
    Device {
        /// Message of the device.
        reason: String,
    },
    /// The sets cannot be compared.
    #[error(transparent)]
    Distribution(#[from] crate::DistributionError),
}
