//! What a reader of one format gives.

use crate::RawFrame;
use crate::error::VideoIoError;

/// An open video of one format.
pub(crate) trait FrameSource {
    /// Ticks per second; `None` for a PNG folder, which states no times.
    fn timescale(&self) -> Option<u32>;

    /// Number of frames, if the file states it; a GIF does not.
    fn frames(&self) -> Option<usize>;

    /// How the images are coded.
    fn codec(&self) -> &str;

    /// The next frame in presentation order and its time in ticks; `None` at the end.
    fn next_frame(&mut self) -> Result<Option<(RawFrame, i64)>, VideoIoError>;
}
