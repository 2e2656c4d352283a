//! The Fréchet video distance in the report.

use pusht_jobs::counted;
use serde::{Deserialize, Serialize};

/// The Fréchet video distance between clips and real videos, with features of a network outside this crate.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Fvd {
    /// Frames per video.
    pub frames: usize,
    /// Number of real videos.
    pub real: usize,
    /// Number of clips; the others are too short or cannot be read.
    pub clips: usize,
    /// Distance between real videos and clips.
    pub distance: f64,
    /// Distance between two random halves of the real videos.
    pub halves: f64,
}

impl Fvd {
    /// The distances in one sentence.
    pub fn text(&self) -> String {
        let Self {
            frames,
            real,
            clips,
            distance,
            halves,
        } = self;
        format!(
            "FVD with I3D: {distance:.1} between {} and {}; {halves:.1} between two halves of these. The middle \
             {frames} frames of each at 10 per second, 96 × 96. Fewer than 401 videos lift both (docs/distribution.md).",
            counted(*clips, "clip"),
            counted(*real, "real video")
        )
    }
}
