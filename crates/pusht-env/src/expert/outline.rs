//! The T as an obstacle and as an object to push: its outline, distances to it, and its frame on the board.

use crate::{AGENT_RADIUS, Pose};
use pusht_physics::Vec2;

/// Corners of the outline in body coordinates, clockwise on screen. Side `i` runs from corner `i` to corner `i + 1`.
pub(super) const CORNERS: [Vec2; 8] = [
    Vec2::new(-60.0, 0.0),
    Vec2::new(60.0, 0.0),
    Vec2::new(60.0, 30.0),
    Vec2::new(15.0, 30.0),
    Vec2::new(15.0, 120.0),
    Vec2::new(-15.0, 120.0),
    Vec2::new(-15.0, 30.0),
    Vec2::new(-60.0, 30.0),
];

/// Outward normals of the sides.
pub(super) const NORMALS: [Vec2; 8] = [
    Vec2::new(0.0, -1.0),
    Vec2::new(1.0, 0.0),
    Vec2::new(0.0, 1.0),
    Vec2::new(1.0, 0.0),
    Vec2::new(0.0, 1.0),
    Vec2::new(-1.0, 0.0),
    Vec2::new(0.0, 1.0),
    Vec2::new(-1.0, 0.0),
];

/// A segment of a side that the agent can touch, given by where its center is along the side, px from its first corner.
#[derive(Clone, Copy, Debug)]
pub(super) struct Reach {
    pub side: usize,
    pub from: f64,
    pub to: f64,
}

/// Beside the inner corners, the other side keeps the agent's center one radius away.
pub(super) const REACH: [Reach; 8] = [
    Reach {
        side: 0,
        from: 2.0,
        to: 118.0,
    },
    Reach {
        side: 1,
        from: 3.0,
        to: 27.0,
    },
    Reach {
        side: 2,
        from: 2.0,
        to: 45.0 - AGENT_RADIUS,
    },
    Reach {
        side: 3,
        from: AGENT_RADIUS,
        to: 88.0,
    },
    Reach {
        side: 4,
        from: 3.0,
        to: 27.0,
    },
    Reach {
        side: 5,
        from: 2.0,
        to: 90.0 - AGENT_RADIUS,
    },
    Reach {
        side: 6,
        from: AGENT_RADIUS,
        to: 43.0,
    },
    Reach {
        side: 7,
        from: 3.0,
        to: 27.0,
    },
];

/// Low and high corner of bar and stem.
const RECTANGLES: [(Vec2, Vec2); 2] = [
    (Vec2::new(-60.0, 0.0), Vec2::new(60.0, 30.0)),
    (Vec2::new(-15.0, 30.0), Vec2::new(15.0, 120.0)),
];

/// The frame of a T on the board.
#[derive(Clone, Copy, Debug)]
pub(super) struct Placement {
    origin: Vec2,
    cos: f64,
    sin: f64,
}

impl Placement {
    pub fn of(pose: Pose) -> Self {
        let (sin, cos) = pose.angle.sin_cos();
        Self {
            origin: Vec2::new(pose.x, pose.y),
            cos,
            sin,
        }
    }

    /// Converts a direction from body coordinates to board coordinates.
    pub fn turn(&self, v: Vec2) -> Vec2 {
        Vec2::new(self.cos * v.x - self.sin * v.y, self.sin * v.x + self.cos * v.y)
    }

    /// Converts a point from body coordinates to board coordinates.
    pub fn to_board(self, p: Vec2) -> Vec2 {
        self.turn(p) + self.origin
    }

    /// Converts a point from board coordinates to body coordinates.
    pub fn to_body(self, p: Vec2) -> Vec2 {
        let d = p - self.origin;
        Vec2::new(self.cos * d.x + self.sin * d.y, self.cos * d.y - self.sin * d.x)
    }
}

/// The point of the T nearest to `p` (`p` itself if it is inside) and its distance, in body coordinates.
fn nearest(p: Vec2) -> (Vec2, f64) {
    let [a, b] = RECTANGLES.map(|(low, high)| {
        let q = Vec2::new(p.x.clamp(low.x, high.x), p.y.clamp(low.y, high.y));
        (q, (p - q).length())
    });
    if a.1 <= b.1 { a } else { b }
}

/// Distance from `p` to the T, px, 0 inside; body coordinates.
pub(super) fn distance(p: Vec2) -> f64 {
    nearest(p).1
}

/// `p`, moved away from the T until it is `clearance` away; body coordinates.
pub(super) fn push_out(mut p: Vec2, clearance: f64) -> Vec2 {
    // In an inner corner the two sides push in turn; a few rounds are accurate to a thousandth of a pixel.
    for _ in 0..12 {
        let (q, d) = nearest(p);
        if d >= clearance - 1e-3 {
            break;
        }
        p = if d > 1e-9 {
            q + (p - q) * (clearance / d)
        } else {
            let side = nearest_side(p);
            let depth = (CORNERS[side] - p).dot(NORMALS[side]);
            p + NORMALS[side] * (depth + clearance)
        };
    }
    p
}

/// The nearest side, for a point inside the T.
fn nearest_side(p: Vec2) -> usize {
    let depth = |side: usize| {
        let (a, b) = (CORNERS[side], CORNERS[(side + 1) % 8]);
        let t = ((p - a).dot(b - a) / (b - a).length_sq()).clamp(0.0, 1.0);
        (p - (a + (b - a) * t)).length()
    };
    (0..8).min_by(|&i, &j| depth(i).total_cmp(&depth(j))).unwrap_or(0)
}

/// Whether every point between `a` and `b` is at least `clearance` from the T; body coordinates.
pub(super) fn is_clear(a: Vec2, b: Vec2, clearance: f64) -> bool {
    RECTANGLES.iter().all(|&(low, high)| {
        let grown = (
            low - Vec2::new(clearance, clearance),
            high + Vec2::new(clearance, clearance),
        );
        !crosses(a, b, grown) || segment_distance(a, b, (low, high)) >= clearance
    })
}

fn crosses(a: Vec2, b: Vec2, (low, high): (Vec2, Vec2)) -> bool {
    let d = b - a;
    let (mut from, mut to) = (0.0_f64, 1.0_f64);
    for (start, step, low, high) in [(a.x, d.x, low.x, high.x), (a.y, d.y, low.y, high.y)] {
        if step.abs() < 1e-12 {
            if start <= low || start >= high {
                return false;
            }
        } else {
            let (t, u) = ((low - start) / step, (high - start) / step);
            from = from.max(t.min(u));
            to = to.min(t.max(u));
        }
    }
    from < to
}

fn segment_distance(a: Vec2, b: Vec2, (low, high): (Vec2, Vec2)) -> f64 {
    if crosses(a, b, (low, high)) {
        return 0.0;
    }
    let to_rectangle = |p: Vec2| (p - Vec2::new(p.x.clamp(low.x, high.x), p.y.clamp(low.y, high.y))).length();
    let d = b - a;
    let to_segment = |p: Vec2| {
        let t = ((p - a).dot(d) / d.length_sq().max(f64::MIN_POSITIVE)).clamp(0.0, 1.0);
        (p - (a + d * t)).length()
    };
    [
        to_rectangle(a),
        to_rectangle(b),
        to_segment(low),
        to_segment(high),
        to_segment(Vec2::new(low.x, high.y)),
        to_segment(Vec2::new(high.x, low.y)),
    ]
    .into_iter()
    .fold(f64::INFINITY, f64::min)
}
