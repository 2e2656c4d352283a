//! Poses, velocities and contacts as others see them.

use serde::{Deserialize, Serialize};

/// Pose of a T or of another block: its body origin and its angle. The origin of a T is the middle of the bar's outer edge.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Pose {
    /// px, to the right.
    pub x: f64,
    /// px, downward.
    pub y: f64,
    /// rad, not wrapped; positive turns x toward y.
    pub angle: f64,
}

impl Pose {
    /// A pose from its three numbers.
    #[inline]
    pub const fn new(x: f64, y: f64, angle: f64) -> Self {
        Self { x, y, angle }
    }
}

/// Velocity of the T.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct BlockVelocity {
    /// Velocity of the center of gravity, [x, y] in px/s.
    pub linear: [f64; 2],
    /// Angular velocity, rad/s.
    pub angular: f64,
}

/// One contact, drawn as a line across the touching surfaces.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ContactTick {
    /// 2 px before the contact point on the first shape, against the normal; px, not rounded.
    pub from: [f64; 2],
    /// 2 px beyond the contact point on the second shape, along the normal; px, not rounded.
    pub to: [f64; 2],
}
