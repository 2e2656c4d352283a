//! Distances and points of agent and T, px of the board.

use pusht_env::{AGENT_RADIUS, BAR, Pose, STEM, State};

/// Lever that converts the T's angle to px, so that all six numbers have similar weight: about the mean distance of the
/// T's outline from its center of gravity.
pub const LEVER: f64 = 60.0;
/// Distance of the T's center of gravity from its origin, along its stem, px.
pub const GRAVITY: f64 = 45.0;

/// The center of gravity of a T.
pub fn center(pose: Pose) -> [f64; 2] {
    let (s, c) = pose.angle.sin_cos();
    [pose.x - GRAVITY * s, pose.y + GRAVITY * c]
}

/// Distance between the surfaces of agent and T, px; negative where they overlap.
pub fn gap(state: &State) -> f64 {
    gap_at(seen_from(state.block, state.agent))
}

/// As [`gap`], for an agent at `p` in the T's own coordinates.
pub fn gap_at(p: [f64; 2]) -> f64 {
    let rectangle = |corners: [[f64; 2]; 4]| {
        // Corners 0 and 2 lie opposite each other.
        let beyond = |k: usize| (corners[0][k] - p[k]).max(p[k] - corners[2][k]);
        let (x, y) = (beyond(0), beyond(1));
        if x <= 0.0 && y <= 0.0 {
            x.max(y)
        } else {
            x.max(0.0).hypot(y.max(0.0))
        }
    };
    rectangle(BAR).min(rectangle(STEM)) - AGENT_RADIUS
}

/// A point of the board in the T's own coordinates.
pub fn seen_from(block: Pose, p: [f64; 2]) -> [f64; 2] {
    let (s, c) = block.angle.sin_cos();
    let [x, y] = [p[0] - block.x, p[1] - block.y];
    [c * x + s * y, c * y - s * x]
}
