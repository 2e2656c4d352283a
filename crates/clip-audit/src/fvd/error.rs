//! Why there is no distance.

use nn_kit::CheckpointError;

/// What is wrong with weights or videos.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FvdError {
    /// Weights that cannot be read, or that are not I3D's.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
    /// A tensor of another shape.
    #[error("{name} has shape {found:?}; expected {expected:?}, as in I3D trained on Kinetics-400 from RGB")]
    Shape {
        /// Its name.
        name: String,
        /// Shape found.
        found: Vec<usize>,
        /// Shape expected.
        expected: Vec<usize>,
    },
    /// Too few frames.
    #[error(
        "a video of {found} frames; I3D needs at least {needed}, and videos that are compared should be equally long"
    )]
    TooShort {
        /// Frames found.
        found: usize,
        /// Frames needed.
        needed: usize,
    },
    /// Frames of several sizes, or without pixels.
    #[error("frame {index} is {found:?} px; expected {expected:?} as in frame 0, at least 1 px a side")]
    FrameSize {
        /// Index in the video.
        index: usize,
        /// Width and height.
        found: (u32, u32),
        /// Width and height of frame 0.
        expected: (u32, u32),
    },
    /// The device's failure.
    #[error("the features cannot be read back from the device: {reason}")]
    Device {
        /// What it says.
        reason: String,
    },
    /// Sets that are too small.
    #[error(transparent)]
    Distribution(#[from] crate::DistributionError),
}
