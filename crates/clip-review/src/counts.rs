//! Pairs of numbers in the report. In `score.json` each is an array of two.

use serde::{Deserialize, Serialize};

/// Counts of frames and trusted actions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "[usize; 2]", into = "[usize; 2]")]
pub struct ActionCounts {
    /// Frames at 10 Hz.
    pub frames: usize,
    /// Frames with an action that can be trusted.
    pub trusted: usize,
}

impl From<[usize; 2]> for ActionCounts {
    fn from([frames, trusted]: [usize; 2]) -> Self {
        Self { frames, trusted }
    }
}

impl From<ActionCounts> for [usize; 2] {
    fn from(counts: ActionCounts) -> Self {
        [counts.frames, counts.trusted]
    }
}

/// Counts of clips in which the T moves.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "[usize; 2]", into = "[usize; 2]")]
pub struct MotionCounts {
    /// Clips in which it moves.
    pub moved: usize,
    /// Clips in which the agent moves it.
    pub by_agent: usize,
}

impl From<[usize; 2]> for MotionCounts {
    fn from([moved, by_agent]: [usize; 2]) -> Self {
        Self { moved, by_agent }
    }
}

impl From<MotionCounts> for [usize; 2] {
    fn from(counts: MotionCounts) -> Self {
        [counts.moved, counts.by_agent]
    }
}

/// Counts of clips whose actions were replayed in the simulator.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "[usize; 2]", into = "[usize; 2]")]
pub struct ExecutionCounts {
    /// Clips that were replayed.
    pub played: usize,
    /// Clips that the replay follows to the end.
    pub followed: usize,
}

impl From<[usize; 2]> for ExecutionCounts {
    fn from([played, followed]: [usize; 2]) -> Self {
        Self { played, followed }
    }
}

impl From<ExecutionCounts> for [usize; 2] {
    fn from(counts: ExecutionCounts) -> Self {
        [counts.played, counts.followed]
    }
}

/// Path lengths of the T's origin, px.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(from = "[f64; 2]", into = "[f64; 2]")]
pub struct BlockPaths {
    /// Over the whole clip.
    pub clip: f64,
    /// Over the clip until the replay diverges.
    pub followed: f64,
}

impl From<[f64; 2]> for BlockPaths {
    fn from([clip, followed]: [f64; 2]) -> Self {
        Self { clip, followed }
    }
}

impl From<BlockPaths> for [f64; 2] {
    fn from(paths: BlockPaths) -> Self {
        [paths.clip, paths.followed]
    }
}

/// Coverage of the goal at the end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(from = "[f64; 2]", into = "[f64; 2]")]
pub struct FinalCoverage {
    /// In the clip.
    pub clip: f64,
    /// In the replay.
    pub replay: f64,
}

impl From<[f64; 2]> for FinalCoverage {
    fn from([clip, replay]: [f64; 2]) -> Self {
        Self { clip, replay }
    }
}

impl From<FinalCoverage> for [f64; 2] {
    fn from(coverage: FinalCoverage) -> Self {
        [coverage.clip, coverage.replay]
    }
}
