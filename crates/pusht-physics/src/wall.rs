//! The four walls: lines of radius [`WALL_RADIUS`].

use crate::vector::{Aabb, Vec2};
use crate::{WALL_RADIUS, WALLS};

/// A wall.
pub(crate) struct Wall {
    pub a: Vec2,
    pub b: Vec2,
    /// Normal of any length; only its sign along a direction is used.
    pub normal: Vec2,
    pub bounds: Aabb,
}

/// The four walls.
pub(crate) const fn walls() -> &'static [Wall; 4] {
    const TABLE: [Wall; 4] = [wall(0), wall(1), wall(2), wall(3)];
    &TABLE
}

const fn wall(index: usize) -> Wall {
    let [[ax, ay], [bx, by]] = WALLS[index];
    // The walls are parallel to the axes, in either direction.
    let (l, r) = if ax < bx { (ax, bx) } else { (bx, ax) };
    let (b, t) = if ay < by { (ay, by) } else { (by, ay) };
    Wall {
        a: Vec2::new(ax, ay),
        b: Vec2::new(bx, by),
        normal: Vec2::new(by - ay, ax - bx),
        bounds: Aabb {
            l: l - WALL_RADIUS,
            b: b - WALL_RADIUS,
            r: r + WALL_RADIUS,
            t: t + WALL_RADIUS,
        },
    }
}
