//! The board of videos whose first frame does not show it: those that fade in, or begin with a title.

use std::path::Path;

use pusht_env::Frame;
use pusht_vision::Registration;
use video_io::{Rate, Resampled, VideoReader};

use crate::counts::HZ;

/// Frames at 10 Hz that are looked at: the first ten seconds, twice a second.
const FRAMES: usize = 100;
const EVERY: usize = 5;

/// Reads a video again from its beginning and returns the first map that `register` finds, in the first ten seconds.
pub fn later_board<E>(
    path: &Path,
    rate: Rate,
    register: impl Fn(&Frame) -> Result<Registration, E>,
) -> Option<Registration> {
    let frames = Resampled::new(VideoReader::open(path).ok()?, rate, HZ);
    let some = frames.take(FRAMES).step_by(EVERY).skip(1);
    some.map_while(Result::ok)
        .find_map(|picked| register(&picked.frame).ok())
}
