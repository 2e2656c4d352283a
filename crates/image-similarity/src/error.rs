//! Errors from comparing images.

/// Errors from comparing images or videos.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SimilarityError {
    /// The images have different sizes.
    #[error("images of {left:?} and {right:?} px cannot be compared; resample one to the other's size")]
    Sizes {
        /// Width and height of the first.
        left: [u32; 2],
        /// Width and height of the second.
        right: [u32; 2],
    },
    /// The images are smaller than the window.
    #[error("an image of {found:?} px is smaller than the window; expected at least {least} px per side")]
    Small {
        /// Width and height.
        found: [u32; 2],
        /// Side of the window.
        least: u32,
    },
    /// The videos have different lengths.
    #[error("videos of {left} and {right} frames; they are compared frame by frame and need as many of each")]
    Lengths {
        /// Frames of the first.
        left: usize,
        /// Frames of the second.
        right: usize,
    },
}
