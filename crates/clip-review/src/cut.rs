//! Cuts of one length out of videos, for measures that compare videos of equal length.

use std::path::{Path, PathBuf};

use pusht_env::{Frame, GOAL};
use pusht_vision::Registrar;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use video_io::{Rate, Resampled, VideoReader, find_videos};

use crate::pass::HZ;
use crate::{Job, VerdictsError};

/// The Fréchet video distance of the clips, as a network sees them that is no part of this crate.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Fvd {
    /// Frames of every video.
    pub frames: usize,
    /// Real videos.
    pub real: usize,
    /// Clips; the others are too short or cannot be read.
    pub clips: usize,
    /// Between real videos and clips.
    pub distance: f64,
    /// Between two random halves of the real videos.
    pub halves: f64,
}

impl Fvd {
    /// In words.
    pub fn text(&self) -> String {
        let Self {
            frames,
            real,
            clips,
            distance,
            halves,
        } = self;
        format!(
            "FVD with I3D: {distance:.1} between {clips} clips and {real} real videos; {halves:.1} between two halves of these. \
             The middle {frames} frames of each at 10 a second, 96 × 96. Fewer than 401 videos lift both (docs/distribution.md)."
        )
    }
}

/// The middle `length` frames; none of what is shorter.
pub fn middle(mut frames: Vec<Frame>, length: usize) -> Option<Vec<Frame>> {
    let first = frames.len().checked_sub(length)? / 2;
    Some(frames.drain(first..first + length).collect())
}

impl Job {
    /// The middle `length` frames of every video at 10 a second, as the environment draws the board; none of a video that
    /// is shorter or cannot be read. In the order of the clips.
    ///
    /// # Errors
    /// No videos.
    pub fn middles(&self, length: usize) -> Result<Vec<Option<Vec<Frame>>>, VerdictsError> {
        let videos = find_videos(&self.video)?;
        let registrar = Registrar::new(GOAL)?;
        let cut = |path: &PathBuf| cut(path, self.rate(), length, &registrar);
        Ok(videos.par_iter().with_max_len(1).map(cut).collect())
    }
}

fn cut(path: &Path, rate: Rate, length: usize, registrar: &Registrar) -> Option<Vec<Frame>> {
    let open = || Some(Resampled::new(VideoReader::open(path).ok()?, rate, HZ));
    // Counted first, so that a long video is not kept as a whole.
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
