//! The physics of the reference environments, bit for bit: the part of the Chipmunk engine that PushT uses.
//!
//! `docs/environment.md` describes the algorithm. Operations are in the engine's order, because after a few dozen
//! contacts the result of a push depends on the last bit.

mod arbiter;
mod body;
mod broad_phase;
mod closest;
mod contact;
mod solver;
mod space;
mod vector;

pub use arbiter::CONTACT_PAIRS;
pub(crate) use body::Agent;
pub(crate) use space::{SUBSTEPS, Space};
pub(crate) use vector::Vec2;

use crate::{WALL_RADIUS, WALLS};
use vector::Aabb;

/// Shapes are numbered in the order in which the references add them: walls 0 to 3, agent, bar, stem.
type ShapeId = u8;
const AGENT: ShapeId = 4;
const BAR_SHAPE: ShapeId = 5;
const STEM_SHAPE: ShapeId = 6;

/// A wall: a line of radius [`WALL_RADIUS`].
struct Wall {
    a: Vec2,
    b: Vec2,
    /// Normal of any length; only its sign along a direction is used.
    normal: Vec2,
    bounds: Aabb,
}

/// The four walls.
const fn walls() -> &'static [Wall; 4] {
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
