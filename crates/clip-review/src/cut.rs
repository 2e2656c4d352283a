//! Cuts of equal length from videos, for measures that need it.

use std::path::{Path, PathBuf};

use pusht_env::{Frame, GOAL};
use pusht_vision::Registrar;
use rayon::prelude::*;
use video_io::{Rate, Resampled, VideoReader, find_videos};

use crate::pass::HZ;
use crate::{ReviewJob, VerdictsError};

/// The middle `length` frames; `None` if there are fewer.
pub fn center_frames(mut frames: Vec<Frame>, length: usize) -> Option<Vec<Frame>> {
    let first = frames.len().checked_sub(length)? / 2;
    Some(frames.drain(first..first + length).collect())
}

impl ReviewJob {
    /// The middle `length` frames of every video at 10 Hz, resampled to 96 × 96 images of the board, in the order of
    /// the clips; `None` for a video that is shorter or cannot be read.
    ///
    /// # Errors
    /// No videos.
    pub fn center_frames(&self, length: usize) -> Result<Vec<Option<Vec<Frame>>>, VerdictsError> {
        let videos = find_videos(&self.video)?;
        let registrar = Registrar::new(GOAL)?;
        let cut = |path: &PathBuf| cut(path, self.rate(), length, &registrar);
        Ok(videos.par_iter().with_max_len(1).map(cut).collect())
    }
}

fn cut(path: &Path, rate: Rate, length: usize, registrar: &Registrar) -> Option<Vec<Frame>> {
    let open = || Some(Resampled::new(VideoReader::open(path).ok()?, rate, HZ));
    // The frames are counted first, so that a long video is not held in memory as a whole.
    let (mut frames, mut map, mut count) = (open()?, None, 0_usize);
    while let Some(picked) = frames.next_frame().ok()? {
        if map.is_none() {
            map = Some(registrar.register(&picked.frame).ok()?);
        }
        count += 1;
    }
    let (map, first) = (map?, count.checked_sub(length)? / 2);
    let (mut frames, mut kept) = (open()?, Vec::with_capacity(length));
    for at in 0..first + length {
        let picked = frames.next_frame().ok()??;
        if at >= first {
            kept.push(map.resample(&picked.frame));
        }
    }
    Some(kept)
}
