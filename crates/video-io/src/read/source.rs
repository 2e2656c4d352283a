//! What a reader of one format gives.

use crate::RawFrame;
use crate::error::VideoIoError;
use crate::read::timing::Timing;

/// An open video of one format.
pub(crate) trait FrameSource {
    /// Ticks per second; `None` for a PNG folder, which states no times.
    fn timescale(&self) -> Option<u32>;

    /// Number of frames, if the file states it; a GIF does not.
    fn frames(&self) -> Option<usize>;

    /// How the images are coded.
    fn codec(&self) -> &str;

    /// What is known of the times of the frames before they are read.
    fn timing(&self) -> Timing {
        Timing::default()
    }

    /// True if a frame that is shown longer stands for equal frames that were joined. In other files it is a gap.
    fn joins_equal_frames(&self) -> bool {
        false
    }

    /// The next frame in presentation order and its time in ticks; `None` at the end.
    fn next_frame(&mut self) -> Result<Option<(RawFrame, i64)>, VideoIoError>;
}
