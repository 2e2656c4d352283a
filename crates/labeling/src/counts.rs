//! Pairs of numbers of a video. In files each is an array of two.

use serde::{Deserialize, Serialize};

/// Frame rate of the labels, frames per second.
pub(crate) const HZ: u32 = 10;

/// Frame counts of a video.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "[usize; 2]", into = "[usize; 2]")]
pub struct FrameCounts {
    /// Frames in the video.
    pub read: usize,
    /// Frames after resampling to 10 Hz.
    pub resampled: usize,
}

impl From<[usize; 2]> for FrameCounts {
    fn from([read, resampled]: [usize; 2]) -> Self {
        Self { read, resampled }
    }
}

impl From<FrameCounts> for [usize; 2] {
    fn from(counts: FrameCounts) -> Self {
        [counts.read, counts.resampled]
    }
}

/// Mean confidence of the tracker over all frames of a video, 0 to 1.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(from = "[f64; 2]", into = "[f64; 2]")]
pub struct TrackConfidence {
    /// Confidence of the agent's position.
    pub agent: f64,
    /// Confidence of the T's pose.
    pub block: f64,
}

impl From<[f64; 2]> for TrackConfidence {
    fn from([agent, block]: [f64; 2]) -> Self {
        Self { agent, block }
    }
}

impl From<TrackConfidence> for [f64; 2] {
    fn from(confidence: TrackConfidence) -> Self {
        [confidence.agent, confidence.block]
    }
}
