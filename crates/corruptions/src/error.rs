//! Errors.

use pusht_env::{EnvError, ExpertError, RenderError};

/// Errors from simulating or corrupting a clip.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CorruptionError {
    /// The clip is too short or does not have one state per frame.
    #[error("the clip has {frames} frames and {states} states; expected at least 16 frames, and a state for each")]
    Length {
        /// Frames found.
        frames: usize,
        /// States found.
        states: usize,
    },
    /// The frames are not square, or differ in size.
    #[error("the clip's frames begin with {width} × {height} px; expected square frames of one size")]
    NotSquare {
        /// Width of the first frame, px.
        width: u32,
        /// Height of the first frame, px.
        height: u32,
    },
    /// The environment failed.
    #[error(transparent)]
    Env(#[from] EnvError),
    /// The expert failed.
    #[error(transparent)]
    Expert(#[from] ExpertError),
    /// The renderer failed.
    #[error(transparent)]
    Render(#[from] RenderError),
    /// The agent's positions are not finite.
    #[error(transparent)]
    Vision(#[from] pusht_vision::VisionError),
    /// The codec failed.
    #[error(transparent)]
    Video(#[from] video_io::VideoIoError),
}
