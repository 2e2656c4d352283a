//! Closest points of two convex shapes: GJK when they are apart, EPA when they overlap.
//!
//! Both walk the Minkowski difference (second shape minus first) toward the origin. A point of the difference is
//! identified by one corner of each shape, `first << 8 | second`; the ids of the last edge start the next search.

use crate::vector::{Vec2, max};

/// Largest number of iterations of either search.
const MAX_ITERATIONS: usize = 30;

/// A convex shape without its radius.
pub(crate) trait Convex {
    /// The corner furthest along `direction`.
    fn support(&self, direction: Vec2) -> u8;
    /// A corner by its number.
    fn corner(&self, index: u8) -> Vec2;
}

/// The center of a disc.
pub(crate) struct Point(pub Vec2);

impl Convex for Point {
    #[inline(always)]
    fn support(&self, _: Vec2) -> u8 {
        0
    }

    #[inline(always)]
    fn corner(&self, _: u8) -> Vec2 {
        self.0
    }
}

/// The middle line of a wall.
pub(crate) struct Segment(pub Vec2, pub Vec2);

impl Convex for Segment {
    #[inline(always)]
    fn support(&self, direction: Vec2) -> u8 {
        u8::from(self.0.dot(direction) <= self.1.dot(direction))
    }

    #[inline(always)]
    fn corner(&self, index: u8) -> Vec2 {
        if index == 0 { self.0 } else { self.1 }
    }
}

/// A rectangle of the T.
pub(crate) struct Rectangle<'a>(pub &'a [Vec2; 4]);

impl Convex for Rectangle<'_> {
    /// The first corner in case of a tie.
    #[inline(always)]
    fn support(&self, direction: Vec2) -> u8 {
        let mut furthest = self.0[0].dot(direction);
        let mut index = 0;
        for i in 1..4 {
            let d = self.0[i].dot(direction);
            if d > furthest {
                furthest = d;
                index = i as u8;
            }
        }
        index
    }

    #[inline(always)]
    fn corner(&self, index: u8) -> Vec2 {
        self.0[usize::from(index & 3)]
    }
}

/// Result of the search.
pub(crate) struct Closest {
    /// Closest point on the first shape.
    pub a: Vec2,
    /// Closest point on the second shape.
    pub b: Vec2,
    /// Unit normal from the first to the second.
    pub n: Vec2,
    /// Signed distance along `n`.
    pub distance: f64,
    /// Id of the edge of the difference on which it was found.
    pub id: u32,
}

/// A point of the Minkowski difference.
#[derive(Clone, Copy, Default)]
struct Difference {
    ab: Vec2,
    id: u16,
}

/// The two shapes.
struct Pair<'a, A, B> {
    first: &'a A,
    second: &'a B,
}

/// Closest points of `first` and `second`. `id` is the id of the last search or 0; `axis` points from the center of the
/// second shape's box to that of the first and is evaluated only without an id.
#[inline(always)]
pub(crate) fn closest_points<A: Convex, B: Convex>(
    first: &A,
    second: &B,
    id: u32,
    axis: impl FnOnce() -> Vec2,
) -> Closest {
    let pair = Pair { first, second };
    let (v0, v1) = if id == 0 {
        let axis = axis().perp();
        (pair.support(axis), pair.support(-axis))
    } else {
        (pair.named((id >> 16) as u16), pair.named(id as u16))
    };
    pair.gjk(v0, v1)
}

impl<A: Convex, B: Convex> Pair<'_, A, B> {
    #[inline(always)]
    fn named(&self, id: u16) -> Difference {
        Difference {
            ab: self.second.corner(id as u8) - self.first.corner((id >> 8) as u8),
            id,
        }
    }

    #[inline(always)]
    fn support(&self, direction: Vec2) -> Difference {
        let (a, b) = (self.first.support(-direction), self.second.support(direction));
        self.named(u16::from(a) << 8 | u16::from(b))
    }

    #[inline(always)]
    fn gjk(&self, mut v0: Difference, mut v1: Difference) -> Closest {
        for _ in 0..MAX_ITERATIONS {
            if beyond(v1.ab, v0.ab, Vec2::ZERO) {
                (v0, v1) = (v1, v0);
            }
            let t = closest_t(v0.ab, v1.ab);
            let direction = if -1.0 < t && t < 1.0 {
                (v1.ab - v0.ab).perp()
            } else {
                -lerp_t(v0.ab, v1.ab, t)
            };
            let p = self.support(direction);
            if beyond(p.ab, v0.ab, Vec2::ZERO) && beyond(v1.ab, p.ab, Vec2::ZERO) {
                return self.epa([v0, p, v1]);
            }
            if p.ab.dot(direction) <= max(v0.ab.dot(direction), v1.ab.dot(direction)) {
                break;
            }
            if distance_sq(v0.ab, p.ab) < distance_sq(p.ab, v1.ab) {
                v1 = p;
            } else {
                v0 = p;
            }
        }
        self.on_edge(v0, v1)
    }

    /// Expands the triangle, which encloses the origin, to the edge of the difference that is nearest.
    fn epa(&self, triangle: [Difference; 3]) -> Closest {
        let mut hull = [Difference::default(); MAX_ITERATIONS + 3];
        hull[..3].copy_from_slice(&triangle);
        let mut len = 3;
        let mut iteration = 1;
        loop {
            let (mut nearest, mut at) = (f64::INFINITY, 0);
            let mut i = len - 1;
            for j in 0..len {
                let d = distance_sq(hull[i].ab, hull[j].ab);
                if d < nearest {
                    nearest = d;
                    at = i;
                }
                i = j;
            }
            let (v0, v1) = (hull[at], hull[(at + 1) % len]);
            let p = self.support((v1.ab - v0.ab).perp());
            if p.id == v0.id || p.id == v1.id || !beyond(v0.ab, v1.ab, p.ab) || iteration >= MAX_ITERATIONS {
                return self.on_edge(v0, v1);
            }
            let old = hull;
            hull[0] = p;
            let mut kept = 1;
            for k in 0..len {
                let here = old[(at + 1 + k) % len];
                let next = if k + 1 < len { old[(at + 2 + k) % len] } else { p };
                if beyond(hull[kept - 1].ab, next.ab, here.ab) {
                    hull[kept] = here;
                    kept += 1;
                }
            }
            len = kept;
            iteration += 1;
        }
    }

    #[inline(always)]
    fn on_edge(&self, v0: Difference, v1: Difference) -> Closest {
        let t = closest_t(v0.ab, v1.ab);
        let p = lerp_t(v0.ab, v1.ab, t);
        let first = |v: Difference| self.first.corner((v.id >> 8) as u8);
        let second = |v: Difference| self.second.corner(v.id as u8);
        let mut closest = Closest {
            a: lerp_t(first(v0), first(v1), t),
            b: lerp_t(second(v0), second(v1), t),
            n: (v1.ab - v0.ab).rperp().normalize(),
            distance: 0.0,
            id: u32::from(v0.id) << 16 | u32::from(v1.id),
        };
        closest.distance = closest.n.dot(p);
        if closest.distance > 0.0 && (t <= -1.0 || t >= 1.0) {
            // Nearest at a corner: the normal is the direction to it.
            closest.distance = p.length();
            closest.n = p * (1.0 / (closest.distance + f64::MIN_POSITIVE));
        }
        closest
    }
}

/// Whether `c` lies on the outer side of the line from `a` to `b`.
#[inline(always)]
fn beyond(a: Vec2, b: Vec2, c: Vec2) -> bool {
    (b.y - a.y) * (a.x + b.x - 2.0 * c.x) > (b.x - a.x) * (a.y + b.y - 2.0 * c.y)
}

/// Parameter of the segment's point nearest to the origin, −1 at `a` and 1 at `b`.
#[inline(always)]
fn closest_t(a: Vec2, b: Vec2) -> f64 {
    let delta = b - a;
    let length_sq = delta.length_sq();
    if length_sq == 0.0 {
        return 0.0;
    }
    let t = delta.dot(a + b) / length_sq;
    -(if t > -1.0 { if t < 1.0 { t } else { 1.0 } } else { -1.0 })
}

#[inline(always)]
fn lerp_t(a: Vec2, b: Vec2, t: f64) -> Vec2 {
    let half = 0.5 * t;
    a * (0.5 - half) + b * (0.5 + half)
}

#[inline(always)]
fn distance_sq(a: Vec2, b: Vec2) -> f64 {
    lerp_t(a, b, closest_t(a, b)).length_sq()
}
