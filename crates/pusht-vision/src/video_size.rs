//! The size of a video's frames.

use serde::{Deserialize, Serialize};

/// Size of a video's frames, px. In JSON it is an array of width and height.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "[u32; 2]", into = "[u32; 2]")]
pub struct VideoSize {
    /// Width, px.
    pub width: u32,
    /// Height, px.
    pub height: u32,
}

impl From<(u32, u32)> for VideoSize {
    fn from((width, height): (u32, u32)) -> Self {
        Self { width, height }
    }
}

impl From<[u32; 2]> for VideoSize {
    fn from([width, height]: [u32; 2]) -> Self {
        Self { width, height }
    }
}

impl From<VideoSize> for [u32; 2] {
    fn from(size: VideoSize) -> Self {
        [size.width, size.height]
    }
}

/// `640 × 480`.
impl std::fmt::Display for VideoSize {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} × {}", self.width, self.height)
    }
}
