//! Geometry of the T: distances to it, its centroid, and its displacement by a change of pose.

use pusht_env::{BAR, Pose, Quad, WALL_RADIUS, WALLS, bar_vertices, stem_vertices};

/// Area of the T, px².
pub const AREA: f64 = 6300.0;

/// Centroid of the T's area in body coordinates.
pub const CENTROID: [f64; 2] = [0.0, 285.0 / 7.0];

/// Radius of the circle around the centroid that holds the T, px.
pub(crate) const REACH: f64 = 82.0;

/// An axis-parallel rectangle: its center and half its sides.
pub(crate) struct Rectangle {
    center: [f64; 2],
    half: [f64; 2],
}

impl Rectangle {
    pub(crate) const fn of(quad: &Quad) -> Self {
        let (low, high) = (quad[0], quad[2]);
        Self {
            center: [(low[0] + high[0]) / 2.0, (low[1] + high[1]) / 2.0],
            half: [(high[0] - low[0]) / 2.0, (high[1] - low[1]) / 2.0],
        }
    }
}

/// Signed distance to the border of a rectangle, negative inside, and its gradient.
#[inline]
pub(crate) fn to_rectangle(of: &Rectangle, q: [f64; 2]) -> (f64, [f64; 2]) {
    let center = of.center;
    let beyond = [
        (q[0] - center[0]).abs() - of.half[0],
        (q[1] - center[1]).abs() - of.half[1],
    ];
    let sign = [0, 1].map(|i| if q[i] < center[i] { -1.0 } else { 1.0 });
    if beyond[0] > 0.0 && beyond[1] > 0.0 {
        let distance = (beyond[0] * beyond[0] + beyond[1] * beyond[1]).sqrt();
        return (distance, [0, 1].map(|i| sign[i] * beyond[i] / distance));
    }
    if beyond[0] > beyond[1] {
        (beyond[0], [sign[0], 0.0])
    } else {
        (beyond[1], [0.0, sign[1]])
    }
}

/// Signed distance to the T in body coordinates, negative inside, and its gradient. The stem is extended through the
/// bar, so that the line between them is not a border.
#[inline]
pub fn to_block(q: [f64; 2]) -> (f64, [f64; 2]) {
    const ACROSS: Rectangle = Rectangle::of(&BAR);
    const THROUGH: Rectangle = Rectangle::of(&[[-15.0, 0.0], [15.0, 0.0], [15.0, 120.0], [-15.0, 120.0]]);
    let (bar, stem) = (to_rectangle(&ACROSS, q), to_rectangle(&THROUGH, q));
    if bar.0 < stem.0 { bar } else { stem }
}

/// Map from board points to the body coordinates of a T at `pose`.
pub fn into_body(pose: Pose) -> impl Fn([f64; 2]) -> [f64; 2] {
    let (s, c) = pose.angle.sin_cos();
    move |p| {
        let [x, y] = [p[0] - pose.x, p[1] - pose.y];
        [c * x + s * y, -s * x + c * y]
    }
}

/// A board point in the body coordinates of a T at `pose`.
pub fn to_body(pose: Pose, p: [f64; 2]) -> [f64; 2] {
    into_body(pose)(p)
}

/// The board point of a point in body coordinates of a T at `pose`.
pub fn to_board(pose: Pose, q: [f64; 2]) -> [f64; 2] {
    let (s, c) = pose.angle.sin_cos();
    [pose.x + c * q[0] - s * q[1], pose.y + s * q[0] + c * q[1]]
}

/// Distance of a board point from a T at `pose`, 0 inside.
pub fn distance(pose: Pose, p: [f64; 2]) -> f64 {
    to_block(to_body(pose, p)).0.max(0.0)
}

/// Centroid of a T at `pose` on the board.
pub fn centroid(pose: Pose) -> [f64; 2] {
    to_board(pose, CENTROID)
}

/// By how much a T reaches into the walls or beyond them, px; negative if it does not reach them.
pub fn wall_depth(pose: Pose) -> f64 {
    let corners = [bar_vertices(pose), stem_vertices(pose)];
    let (low, high) = (WALLS[0][1][0] + WALL_RADIUS, WALLS[2][0][0] - WALL_RADIUS);
    let beyond = |c: f64| (low - c).max(c - high);
    (corners.as_flattened().iter().flatten())
        .map(|&c| beyond(c))
        .fold(f64::NEG_INFINITY, f64::max)
}

/// The longest path of a corner from one pose to the other, px.
pub fn moved(from: Pose, to: Pose) -> f64 {
    let corners = |pose| [bar_vertices(pose), stem_vertices(pose)];
    let (a, b) = (corners(from), corners(to));
    let pairs = a.as_flattened().iter().zip(b.as_flattened());
    pairs.map(|(a, b)| apart(*a, *b)).fold(0.0, f64::max)
}

/// Distance between two points.
pub fn apart(a: [f64; 2], b: [f64; 2]) -> f64 {
    let [x, y] = [a[0] - b[0], a[1] - b[1]];
    // Much faster than hypot, whose handling of huge and tiny numbers is not needed here.
    (x * x + y * y).sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distances_and_depths() {
        let pose = Pose::new(100.0, 200.0, std::f64::consts::FRAC_PI_2);
        // A quarter turn: the stem points to the left.
        assert!((distance(pose, [100.0 + 25.0, 200.0]) - 25.0).abs() < 1e-9);
        assert!((distance(pose, [100.0 - 130.0, 200.0]) - 10.0).abs() < 1e-9);
        assert!((to_block([0.0, 15.0]).0 + 15.0).abs() < 1e-9);
        assert!((to_block([0.0, 60.0]).0 + 15.0).abs() < 1e-9);
        assert!(to_block([30.0, 60.0]).0 > 0.0);
        let there = to_body(pose, to_board(pose, [3.0, 4.0]));
        assert!(apart(there, [3.0, 4.0]) < 1e-9);
        let turned = Pose { angle: 0.0, ..pose };
        assert!((moved(pose, turned) - 2.0_f64.sqrt() * 120.0_f64.hypot(15.0)).abs() < 1e-9);
    }
}
