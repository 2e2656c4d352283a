//! A range of frames.

use serde::{Deserialize, Serialize};

/// Frames from a first to a last one, both included, counted from 0. In JSON it is an array of the two.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(from = "[usize; 2]", into = "[usize; 2]")]
pub struct FrameRange {
    /// The first frame.
    pub first: usize,
    /// The last frame.
    pub last: usize,
}

impl FrameRange {
    /// The frames from `first` to `last`.
    pub const fn new(first: usize, last: usize) -> Self {
        Self { first, last }
    }

    /// Number of frames.
    pub const fn count(self) -> usize {
        (self.last + 1).saturating_sub(self.first)
    }

    /// True if `frame` is one of them.
    pub const fn contains(self, frame: usize) -> bool {
        self.first <= frame && frame <= self.last
    }
}

impl From<[usize; 2]> for FrameRange {
    fn from([first, last]: [usize; 2]) -> Self {
        Self { first, last }
    }
}

impl From<FrameRange> for [usize; 2] {
    fn from(range: FrameRange) -> Self {
        [range.first, range.last]
    }
}

/// `3`, or `3–9`.
impl std::fmt::Display for FrameRange {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.first == self.last {
            write!(f, "{}", self.first)
        } else {
            write!(f, "{}–{}", self.first, self.last)
        }
    }
}
