//! The Fréchet video distance in the report.

use serde::{Deserialize, Serialize};

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
