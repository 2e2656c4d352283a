//! A step as a clip shows it, and the difference of two poses of the T.

use pusht_env::Pose;

use crate::geometry::{apart, centroid};
use crate::tracker::unwrap_angle;

/// Weight of an angle, px: about the distance of the T's outline from its center of gravity.
const LEVER: f64 = 60.0;

/// Difference of two poses, px of the T's outline: |Δ center| + 60 px · |Δ angle|.
pub fn outline_difference(a: Pose, b: Pose) -> f64 {
    apart(centroid(a), centroid(b)) + LEVER * unwrap_angle(0.0, a.angle - b.angle).abs()
}

/// A step as a clip shows it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct SeenStep {
    /// Positions of the agent in both frames, px.
    pub(super) agent: [[f64; 2]; 2],
    /// Velocity of the agent in the first frame, px/s.
    pub(super) velocity: [f64; 2],
    /// Poses of the T in both frames.
    pub(super) block: [Pose; 2],
    /// Errors of these.
    pub(super) errors: StepErrors,
    /// Whether the T may touch a wall.
    pub(super) at_wall: bool,
}

/// Largest errors of a seen step.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct StepErrors {
    /// Of the agent's positions, px per axis.
    pub(super) agent: f64,
    /// Of the agent's velocity, px/s per axis.
    pub(super) velocity: f64,
    /// Of the T's center, px per axis.
    pub(super) block: f64,
    /// Of the T's angle, rad.
    pub(super) angle: f64,
    /// Residual up to which no other start states are tried, px.
    pub(super) near: f64,
    /// Largest residual that they leave, px.
    pub(super) residual: f64,
}
