//! Contact points of two shapes, and how two facing edges are clipped to them.

use crate::WALL_RADIUS;
use crate::closest::{Closest, Convex, Point, Rectangle, Segment, closest_points};
use crate::engine::ShapeId;
use crate::vector::{Aabb, Vec2, max, min};
use crate::wall::walls;

/// One contact point.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct ContactPoint {
    /// Point on the first shape, in board coordinates.
    pub a: Vec2,
    /// Point on the second shape, in board coordinates.
    pub b: Vec2,
    /// Identifies the pair of corners it comes from, so that it is recognized in the next substep.
    pub hash: u64,
}

/// The contact points of one pair.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Manifold {
    /// Unit normal from the first shape to the second.
    pub n: Vec2,
    pub points: [ContactPoint; 2],
    pub len: usize,
}

impl Manifold {
    #[inline(always)]
    pub fn push(&mut self, a: Vec2, b: Vec2, hash: u64) {
        self.points[self.len] = ContactPoint { a, b, hash };
        self.len += 1;
    }
}

/// The engine's hash of two numbers.
const fn hash_pair(a: u64, b: u64) -> u64 {
    const COEFFICIENT: u64 = 3_344_921_057;
    a.wrapping_mul(COEFFICIENT) ^ b.wrapping_mul(COEFFICIENT)
}

/// The edge of a shape that faces the other.
pub(crate) struct Edge {
    a: Vec2,
    b: Vec2,
    hash_a: u64,
    hash_b: u64,
    radius: f64,
}

impl Edge {
    /// The edge of a wall that faces along `n`.
    pub fn of_wall(id: ShapeId, n: Vec2) -> Self {
        let wall = &walls()[usize::from(id)];
        let (ends, corners) = if wall.normal.dot(n) > 0.0 {
            ([wall.a, wall.b], [0, 1])
        } else {
            ([wall.b, wall.a], [1, 0])
        };
        Self::new(id, ends, corners, WALL_RADIUS)
    }

    /// The edge of a rectangle (`corners` on the board) that faces along `n`; `normal` gives on the board the normal of the
    /// edge that ends at a corner.
    pub fn of_rectangle(id: ShapeId, corners: &[Vec2; 4], n: Vec2, normal: impl Fn(usize) -> Vec2) -> Self {
        let i1 = usize::from(Rectangle(corners).support(n));
        let (i0, i2) = ((i1 + 3) % 4, (i1 + 1) % 4);
        let (from, to) = if n.dot(normal(i1)) > n.dot(normal(i2)) {
            (i0, i1)
        } else {
            (i1, i2)
        };
        Self::new(id, [corners[from], corners[to]], [from, to], 0.0)
    }

    fn new(id: ShapeId, [a, b]: [Vec2; 2], corners: [usize; 2], radius: f64) -> Self {
        let [hash_a, hash_b] = corners.map(|corner| hash_pair(u64::from(id), corner as u64));
        Self {
            a,
            b,
            hash_a,
            hash_b,
            radius,
        }
    }
}

/// Contacts of a wall and a rectangle with the box `bounds`, and the id for the next search. `facing` gives the edge of the
/// rectangle that faces along a direction.
pub(crate) fn wall_with(
    wall_id: ShapeId,
    corners: &[Vec2; 4],
    bounds: &Aabb,
    id: u32,
    facing: impl FnOnce(Vec2) -> Edge,
) -> (Manifold, u32) {
    let wall = &walls()[usize::from(wall_id)];
    let closest = closest_points(&Segment(wall.a, wall.b), &Rectangle(corners), id, || {
        wall.bounds.center() - bounds.center()
    });
    let mut manifold = Manifold::default();
    if closest.distance - WALL_RADIUS <= 0.0 {
        let edge = Edge::of_wall(wall_id, closest.n);
        clip(&edge, &facing(-closest.n), &closest, &mut manifold);
    }
    (manifold, closest.id)
}

/// Contacts of a disc and a rectangle, and the id for the next search. `axis` points from the center of the rectangle's box to
/// that of the disc's.
#[inline(always)]
pub(crate) fn disc_with(
    center: Vec2,
    radius: f64,
    corners: &[Vec2; 4],
    id: u32,
    axis: impl FnOnce() -> Vec2,
) -> (Manifold, u32) {
    let closest = closest_points(&Point(center), &Rectangle(corners), id, axis);
    let mut manifold = Manifold::default();
    if closest.distance <= radius {
        manifold.n = closest.n;
        manifold.push(closest.a + closest.n * radius, closest.b, 0);
    }
    (manifold, closest.id)
}

/// Projects the endpoints of each edge on the other and keeps the pairs that overlap along the normal.
pub(crate) fn clip(e1: &Edge, e2: &Edge, closest: &Closest, out: &mut Manifold) {
    let n = closest.n;
    out.n = n;
    let (e1_a, e1_b) = (e1.a.cross(n), e1.b.cross(n));
    let (e2_a, e2_b) = (e2.a.cross(n), e2.b.cross(n));
    let e1_scale = 1.0 / (e1_b - e1_a + f64::MIN_POSITIVE);
    let e2_scale = 1.0 / (e2_b - e2_a + f64::MIN_POSITIVE);
    let mut keep = |t1: f64, t2: f64, hash: u64| {
        let p1 = n * e1.radius + e1.a.lerp(e1.b, clamp01(t1));
        let p2 = n * -e2.radius + e2.a.lerp(e2.b, clamp01(t2));
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

/// Outward normals of the edges that end at each corner of an axis-parallel rectangle, in body coordinates.
pub(crate) const fn normals(quad: &[[f64; 2]; 4]) -> [Vec2; 4] {
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
