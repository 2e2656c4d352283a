//! Contact points of the two kinds of pairs that can touch: agent and rectangle of the T, wall and rectangle.

use super::body::Block;
use super::closest::{Closest, Point, Rectangle, Segment, closest_points};
use super::vector::{Vec2, max, min};
use super::{BAR_SHAPE, ShapeId, Wall, walls};
use crate::{AGENT_RADIUS, BAR, STEM, WALL_RADIUS};

/// One contact point.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct ContactPoint {
    /// Point on the first shape, in board coordinates.
    pub a: Vec2,
    /// Point on the rectangle, in board coordinates.
    pub b: Vec2,
    /// Identifies the pair of corners it comes from, so that it is recognized in the next substep.
    pub hash: u64,
}

/// The contact points of one pair.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Manifold {
    /// Unit normal toward the T.
    pub n: Vec2,
    pub points: [ContactPoint; 2],
    pub len: usize,
}

impl Manifold {
    fn push(&mut self, a: Vec2, b: Vec2, hash: u64) {
        self.points[self.len] = ContactPoint { a, b, hash };
        self.len += 1;
    }
}

/// The engine's hash of two numbers.
const fn hash_pair(a: u64, b: u64) -> u64 {
    const COEFFICIENT: u64 = 3_344_921_057;
    a.wrapping_mul(COEFFICIENT) ^ b.wrapping_mul(COEFFICIENT)
}

/// Contacts of the agent and a rectangle, and the id for the next search.
#[inline(always)]
pub(crate) fn agent_with(agent: Vec2, block: &Block, rectangle: usize, id: u32) -> (Manifold, u32) {
    let corners = &block.corners[rectangle];
    let closest = closest_points(&Point(agent), &Rectangle(corners), id, || {
        let bounds = super::vector::Aabb::around_circle(agent, AGENT_RADIUS);
        bounds.center() - block.boxes[rectangle].center()
    });
    let mut manifold = Manifold::default();
    if closest.distance <= AGENT_RADIUS {
        manifold.n = closest.n;
        manifold.push(closest.a + closest.n * AGENT_RADIUS, closest.b, 0);
    }
    (manifold, closest.id)
}

/// Contacts of a wall and a rectangle, and the id for the next search.
pub(crate) fn wall_with(wall_id: ShapeId, block: &Block, rectangle: usize, id: u32) -> (Manifold, u32) {
    let wall = &walls()[usize::from(wall_id)];
    let corners = &block.corners[rectangle];
    let closest = closest_points(&Segment(wall.a, wall.b), &Rectangle(corners), id, || {
        wall.bounds.center() - block.boxes[rectangle].center()
    });
    let mut manifold = Manifold::default();
    if closest.distance - WALL_RADIUS <= 0.0 {
        manifold.n = closest.n;
        clip(
            &edge_of_wall(wall, wall_id, closest.n),
            &edge_of_rectangle(block, rectangle, -closest.n),
            &closest,
            &mut manifold,
        );
    }
    (manifold, closest.id)
}

/// The edge of a shape that faces the other.
struct Edge {
    a: Vec2,
    b: Vec2,
    hash_a: u64,
    hash_b: u64,
}

fn edge_of_wall(wall: &Wall, id: ShapeId, n: Vec2) -> Edge {
    let id = u64::from(id);
    if wall.normal.dot(n) > 0.0 {
        Edge {
            a: wall.a,
            b: wall.b,
            hash_a: hash_pair(id, 0),
            hash_b: hash_pair(id, 1),
        }
    } else {
        Edge {
            a: wall.b,
            b: wall.a,
            hash_a: hash_pair(id, 1),
            hash_b: hash_pair(id, 0),
        }
    }
}

fn edge_of_rectangle(block: &Block, rectangle: usize, n: Vec2) -> Edge {
    use super::closest::Convex;
    let corners = &block.corners[rectangle];
    let i1 = usize::from(Rectangle(corners).support(n));
    let (i0, i2) = ((i1 + 3) % 4, (i1 + 1) % 4);
    let normal = |i: usize| block.turned(NORMALS[rectangle][i]);
    let (from, to) = if n.dot(normal(i1)) > n.dot(normal(i2)) {
        (i0, i1)
    } else {
        (i1, i2)
    };
    let id = u64::from(BAR_SHAPE) + rectangle as u64;
    Edge {
        a: corners[from],
        b: corners[to],
        hash_a: hash_pair(id, from as u64),
        hash_b: hash_pair(id, to as u64),
    }
}

/// Projects the endpoints of each edge on the other and keeps the pairs that overlap along the normal.
fn clip(e1: &Edge, e2: &Edge, closest: &Closest, out: &mut Manifold) {
    let n = closest.n;
    let (e1_a, e1_b) = (e1.a.cross(n), e1.b.cross(n));
    let (e2_a, e2_b) = (e2.a.cross(n), e2.b.cross(n));
    let e1_scale = 1.0 / (e1_b - e1_a + f64::MIN_POSITIVE);
    let e2_scale = 1.0 / (e2_b - e2_a + f64::MIN_POSITIVE);
    let mut keep = |t1: f64, t2: f64, hash: u64| {
        let p1 = n * WALL_RADIUS + e1.a.lerp(e1.b, clamp01(t1));
        let p2 = n * -0.0 + e2.a.lerp(e2.b, clamp01(t2));
        if (p2 - p1).dot(n) <= 0.0 {
            out.push(p1, p2, hash);
        }
    };
    keep(
        (e2_b - e1_a) * e1_scale,
        (e1_a - e2_a) * e2_scale,
        hash_pair(e1.hash_a, e2.hash_b),
    );
    keep(
        (e2_a - e1_a) * e1_scale,
        (e1_b - e2_a) * e2_scale,
        hash_pair(e1.hash_b, e2.hash_a),
    );
}

fn clamp01(t: f64) -> f64 {
    max(0.0, min(t, 1.0))
}

/// Outward normals of the edges that end at each corner, in body coordinates.
const NORMALS: [[Vec2; 4]; 2] = [normals(&BAR), normals(&STEM)];

const fn normals(quad: &[[f64; 2]; 4]) -> [Vec2; 4] {
    let mut normals = [Vec2::ZERO; 4];
    let mut i = 0;
    while i < 4 {
        let (from, to) = (quad[(i + 3) % 4], quad[i]);
        let (dx, dy) = (to[0] - from[0], to[1] - from[1]);
        // The edges are parallel to the axes, so this is the length; the engine multiplies by its inverse.
        let scale = 1.0 / (dx.abs() + dy.abs());
        normals[i] = Vec2::new(dy * scale, -dx * scale);
        i += 1;
    }
    normals
}
