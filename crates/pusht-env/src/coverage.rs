//! How much of the goal the T covers.
//!
//! The two rectangles of a T only touch, so the common area of T and goal is the sum over the four pairs of rectangles.
//! In the goal's own frame the goal's rectangles are parallel to the axes, so each pair is a convex quadrilateral
//! clipped by four half-planes. The references compute the same area with GEOS; the difference is rounding (below
//! 1e-13).

use crate::{BAR, Pose, Quad, STEM};
use pusht_physics::Vec2;

/// Area of a T, px².
const AREA: f64 = 6300.0;

/// Coverage above which an episode has succeeded.
pub const SUCCESS_COVERAGE: f64 = 0.95;

/// A goal pose, prepared for coverage computations.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Goal {
    pose: Pose,
    cos: f64,
    sin: f64,
}

impl Goal {
    pub fn new(pose: Pose) -> Self {
        let (sin, cos) = pose.angle.sin_cos();
        Self { pose, cos, sin }
    }

    pub const fn pose(&self) -> Pose {
        self.pose
    }

    /// The share of the goal, in [0, 1], covered by a T with these corners (bar, stem).
    pub fn coverage(&self, corners: &[[Vec2; 4]; 2]) -> f64 {
        let mut area = 0.0;
        for quad in corners {
            let local = quad.map(|p| {
                let (x, y) = (p.x - self.pose.x, p.y - self.pose.y);
                Vec2::new(self.cos * x + self.sin * y, self.cos * y - self.sin * x)
            });
            area += common_area(&local, &BAR) + common_area(&local, &STEM);
        }
        (area / AREA).min(1.0)
    }
}

/// Common area of a rectangle in any pose and an axis-parallel one (corners from low to high).
fn common_area(quad: &[Vec2; 4], [low, _, high, _]: &Quad) -> f64 {
    let within = |v: fn(&Vec2) -> f64, low: f64, high: f64| {
        let [a, b, c, d] = quad.each_ref().map(v);
        let (least, most) = (a.min(b).min(c.min(d)), a.max(b).max(c.max(d)));
        // NaN counts as disjoint.
        least < high && most > low
    };
    if !(within(|p| p.x, low[0], high[0]) && within(|p| p.y, low[1], high[1])) {
        return 0.0;
    }
    let mut polygon = Polygon {
        points: [Vec2::ZERO; 8],
        len: 4,
    };
    polygon.points[..4].copy_from_slice(quad);
    polygon.clip(|p| p.x - low[0]);
    polygon.clip(|p| high[0] - p.x);
    polygon.clip(|p| p.y - low[1]);
    polygon.clip(|p| high[1] - p.y);
    polygon.area()
}

/// A convex polygon; four cuts through a quadrilateral leave at most eight corners.
struct Polygon {
    points: [Vec2; 8],
    len: usize,
}

impl Polygon {
    /// Keeps the part where `inside` is not negative (Sutherland–Hodgman).
    #[inline(always)]
    fn clip(&mut self, inside: impl Fn(Vec2) -> f64) {
        let mut kept = [Vec2::ZERO; 8];
        let mut len = 0;
        let mut push = |p: Vec2| {
            // A ninth corner would be a rounding artifact without area.
            if len < kept.len() {
                kept[len] = p;
                len += 1;
            }
        };
        if self.len == 0 {
            return;
        }
        let mut previous = self.points[self.len - 1];
        let mut d_previous = inside(previous);
        for &point in &self.points[..self.len] {
            let d = inside(point);
            if (d >= 0.0) != (d_previous >= 0.0) {
                push(previous + (point - previous) * (d_previous / (d_previous - d)));
            }
            if d >= 0.0 {
                push(point);
            }
            (previous, d_previous) = (point, d);
        }
        self.points = kept;
        self.len = len;
    }

    /// Area by the shoelace formula relative to the first corner, which keeps the products small.
    fn area(&self) -> f64 {
        let mut twice = 0.0;
        for i in 2..self.len {
            let (p, q) = (self.points[i - 1] - self.points[0], self.points[i] - self.points[0]);
            twice += p.cross(q);
        }
        (0.5 * twice).max(0.0)
    }
}

/// Share of the goal that a T at `block` covers, in [0, 1].
pub fn coverage(block: Pose, goal: Pose) -> f64 {
    let corners = [crate::bar_vertices(block), crate::stem_vertices(block)].map(|quad| quad.map(Vec2::from));
    Goal::new(goal).coverage(&corners)
}

/// The references' reward for a coverage: coverage / 0.95, at most 1.
pub fn reward(coverage: f64) -> f64 {
    (coverage / SUCCESS_COVERAGE).clamp(0.0, 1.0)
}
