//! Shape of the T: two rectangles in body coordinates, and their corners on the board.

use crate::Pose;

/// Four corners, px, in the order of the reference's `get_vertices()`.
pub type Quad = [[f64; 2]; 4];

/// The T's bar in body coordinates (the body origin is the middle of the bar's outer edge).
pub const BAR: Quad = [[-60.0, 0.0], [60.0, 0.0], [60.0, 30.0], [-60.0, 30.0]];

/// The T's stem in body coordinates.
pub const STEM: Quad = [[-15.0, 30.0], [15.0, 30.0], [15.0, 120.0], [-15.0, 120.0]];

/// Radius of the agent, px.
pub const AGENT_RADIUS: f64 = 15.0;

/// Half the thickness of the walls, px.
pub const WALL_RADIUS: f64 = 2.0;

/// End points of the four walls, px, in the order in which the reference adds them.
pub const WALLS: [[[f64; 2]; 2]; 4] = [
    [[5.0, 506.0], [5.0, 5.0]],
    [[5.0, 5.0], [506.0, 5.0]],
    [[506.0, 5.0], [506.0, 506.0]],
    [[5.0, 506.0], [506.0, 506.0]],
];

/// Corners of the bar of a T at `pose`, bit-equal to the reference's world vertices if `pose` was read from the
/// reference.
pub fn bar_vertices(pose: Pose) -> Quad {
    place(&BAR, pose)
}

/// Corners of the stem of a T at `pose`, bit-equal to the reference's world vertices if `pose` was read from the
/// reference.
pub fn stem_vertices(pose: Pose) -> Quad {
    place(&STEM, pose)
}

fn place(quad: &Quad, pose: Pose) -> Quad {
    let (s, c) = pose.angle.sin_cos();
    // Evaluated left to right, as the reference does.
    quad.map(|[x, y]| [c * x + (-s) * y + pose.x, s * x + c * y + pose.y])
}
