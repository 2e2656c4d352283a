//! Two-dimensional vectors and boxes, with the reference engine's order of operations.
//!
//! Rust never contracts `a * b + c` into a fused multiply-add, which bit-equality needs.

use std::ops::{Add, Mul, Neg, Sub};

use crate::engine::MARGIN;

/// A point or a direction, px.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Vec2 {
    /// To the right.
    pub x: f64,
    /// Downward.
    pub y: f64,
}

impl Vec2 {
    /// The origin.
    pub const ZERO: Self = Self::new(0.0, 0.0);

    /// A vector from its two numbers.
    #[inline(always)]
    pub const fn new(x: f64, y: f64) -> Self {
        Self { x, y }
    }

    /// The vector as `[x, y]`.
    #[inline(always)]
    pub const fn array(self) -> [f64; 2] {
        [self.x, self.y]
    }

    /// Scalar product.
    #[inline(always)]
    pub fn dot(self, other: Self) -> f64 {
        self.x * other.x + self.y * other.y
    }

    /// Length of the cross product, which is perpendicular to the board.
    #[inline(always)]
    pub fn cross(self, other: Self) -> f64 {
        self.x * other.y - self.y * other.x
    }

    /// A quarter turn that takes x to y.
    #[inline(always)]
    pub fn perp(self) -> Self {
        Self::new(-self.y, self.x)
    }

    /// A quarter turn that takes y to x.
    #[inline(always)]
    pub fn rperp(self) -> Self {
        Self::new(self.y, -self.x)
    }

    /// Square of the length.
    #[inline(always)]
    pub fn length_sq(self) -> f64 {
        self.dot(self)
    }

    /// The length.
    #[inline(always)]
    pub fn length(self) -> f64 {
        self.length_sq().sqrt()
    }

    /// The vector scaled to length 1, by the engine's formula, which differs from a division in the last bit.
    #[inline(always)]
    pub fn normalize(self) -> Self {
        self * (1.0 / (self.length() + f64::MIN_POSITIVE))
    }

    /// Interpolates linearly: `self` at `t` = 0, `other` at `t` = 1.
    #[inline(always)]
    pub fn lerp(self, other: Self, t: f64) -> Self {
        self * (1.0 - t) + other * t
    }
}

impl From<[f64; 2]> for Vec2 {
    #[inline(always)]
    fn from([x, y]: [f64; 2]) -> Self {
        Self { x, y }
    }
}

impl Add for Vec2 {
    type Output = Self;
    #[inline(always)]
    fn add(self, other: Self) -> Self {
        Self::new(self.x + other.x, self.y + other.y)
    }
}

impl Sub for Vec2 {
    type Output = Self;
    #[inline(always)]
    fn sub(self, other: Self) -> Self {
        Self::new(self.x - other.x, self.y - other.y)
    }
}

impl Neg for Vec2 {
    type Output = Self;
    #[inline(always)]
    fn neg(self) -> Self {
        Self::new(-self.x, -self.y)
    }
}

impl Mul<f64> for Vec2 {
    type Output = Self;
    #[inline(always)]
    fn mul(self, factor: f64) -> Self {
        Self::new(self.x * factor, self.y * factor)
    }
}

/// The engine's minimum: the second argument when the comparison fails.
#[inline(always)]
pub(crate) fn min(a: f64, b: f64) -> f64 {
    if a < b { a } else { b }
}

/// The engine's maximum: the second argument when the comparison fails.
#[inline(always)]
pub(crate) fn max(a: f64, b: f64) -> f64 {
    if a > b { a } else { b }
}

/// An axis-aligned box; all comparisons are closed.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Aabb {
    pub l: f64,
    pub b: f64,
    pub r: f64,
    pub t: f64,
}

impl Aabb {
    pub const fn around_circle(center: Vec2, radius: f64) -> Self {
        Self {
            l: center.x - radius,
            b: center.y - radius,
            r: center.x + radius,
            t: center.y + radius,
        }
    }

    #[inline(always)]
    pub fn around_points(points: &[Vec2; 4]) -> Self {
        let [p, q, r, s] = points;
        Self {
            l: min(min(p.x, q.x), min(r.x, s.x)),
            b: min(min(p.y, q.y), min(r.y, s.y)),
            r: max(max(p.x, q.x), max(r.x, s.x)),
            t: max(max(p.y, q.y), max(r.y, s.y)),
        }
    }

    #[inline(always)]
    pub fn intersects(&self, other: &Self) -> bool {
        (self.l <= other.r) & (other.l <= self.r) & (self.b <= other.t) & (other.b <= self.t)
    }

    #[inline(always)]
    pub fn contains(&self, other: &Self) -> bool {
        (self.l <= other.l) & (self.r >= other.r) & (self.b <= other.b) & (self.t >= other.t)
    }

    pub fn area(&self) -> f64 {
        (self.r - self.l) * (self.t - self.b)
    }

    pub fn merged_area(&self, other: &Self) -> f64 {
        (max(self.r, other.r) - min(self.l, other.l)) * (max(self.t, other.t) - min(self.b, other.b))
    }

    /// Twice the Manhattan distance of the centers.
    pub fn proximity(&self, other: &Self) -> f64 {
        (self.l + self.r - other.l - other.r).abs() + (self.b + self.t - other.b - other.t).abs()
    }

    pub fn center(&self) -> Vec2 {
        Vec2::new(self.l, self.b).lerp(Vec2::new(self.r, self.t), 0.5)
    }

    /// The smallest box around both.
    pub fn merged(&self, other: &Self) -> Self {
        Self {
            l: min(self.l, other.l),
            b: min(self.b, other.b),
            r: max(self.r, other.r),
            t: max(self.t, other.t),
        }
    }

    /// The box of the broad phase: widened by a tenth of its size, and by a tenth of a second of motion.
    pub fn widened(&self, velocity: Vec2) -> Self {
        let x = (self.r - self.l) * MARGIN;
        let y = (self.t - self.b) * MARGIN;
        let v = velocity * MARGIN;
        Self {
            l: self.l + min(-x, v.x),
            b: self.b + min(-y, v.y),
            r: self.r + max(x, v.x),
            t: self.t + max(y, v.y),
        }
    }
}
