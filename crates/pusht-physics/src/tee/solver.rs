//! The solver: sequential impulses. Each contact in turn removes the approaching velocity of its two points, for ten
//! rounds.
//!
//! Two systems of the same form are solved together, as the two lanes of each value: the *bias* velocities, which push
//! overlapping shapes apart, and the actual velocities. In the bias lane the agent stands still and the target velocity
//! is the bias; in the other the agent moves and the target velocity is zero.

use super::body::{Block, INVERSE_MOMENT};
use crate::engine::ITERATIONS;
use crate::vector::{Vec2, max};

/// One value of the bias system and one of the velocity system.
type Lanes = [f64; 2];

#[inline(always)]
fn lanes(f: impl Fn(usize) -> f64) -> Lanes {
    [f(0), f(1)]
}

/// A contact in the layout of the inner loop.
#[derive(Clone, Copy, Default)]
pub(super) struct Row {
    /// Unit normal toward the T.
    n: Vec2,
    /// Offset from the T's center of gravity.
    r: Vec2,
    /// Velocity of the first body.
    other: [Lanes; 2],
    /// Effective mass along the normal.
    mass: f64,
    /// Target velocity along the normal.
    wanted: Lanes,
    /// Impulse so far.
    impulse: Lanes,
}

impl Row {
    /// A contact at `r` with its accumulated impulse.
    #[inline(always)]
    pub fn new(n: Vec2, r: Vec2, other_velocity: Vec2, bias: f64, impulse: f64) -> Self {
        let arm = r.cross(n);
        Self {
            n,
            r,
            other: [[0.0, other_velocity.x], [0.0, other_velocity.y]],
            mass: 1.0 / (1.0 + INVERSE_MOMENT * arm * arm),
            wanted: [bias, 0.0],
            impulse: [0.0, impulse],
        }
    }

    /// Accumulated impulse of the velocity system.
    pub const fn impulse(&self) -> f64 {
        self.impulse[1]
    }
}

/// Solves for the velocities of the T.
#[inline(always)]
pub(super) fn solve(rows: &mut [Row], block: &mut Block) {
    let mut x = [block.bias_velocity.x, block.velocity.x];
    let mut y = [block.bias_velocity.y, block.velocity.y];
    let mut w = [block.bias_angular_velocity, block.angular_velocity];
    for _ in 0..ITERATIONS {
        let mut settled = true;
        for row in &mut *rows {
            let Row {
                n,
                r,
                other,
                mass,
                wanted,
                impulse: before,
            } = *row;
            let vx = lanes(|i| x[i] + -r.y * w[i] - other[0][i]);
            let vy = lanes(|i| y[i] + r.x * w[i] - other[1][i]);
            let along = lanes(|i| vx[i] * n.x + vy[i] * n.y);
            let impulse = lanes(|i| max(before[i] + (wanted[i] - along[i]) * mass, 0.0));
            let change = lanes(|i| impulse[i] - before[i]);
            let (jx, jy) = (lanes(|i| n.x * change[i]), lanes(|i| n.y * change[i]));
            x = lanes(|i| x[i] + jx[i]);
            y = lanes(|i| y[i] + jy[i]);
            w = lanes(|i| w[i] + INVERSE_MOMENT * (r.x * jy[i] - r.y * jx[i]));
            row.impulse = impulse;
            settled &= impulse == before;
        }
        // A round that changes no impulse changes no velocity, so all later rounds would repeat it.
        if settled {
            break;
        }
    }
    block.bias_velocity = Vec2::new(x[0], y[0]);
    block.velocity = Vec2::new(x[1], y[1]);
    block.bias_angular_velocity = w[0];
    block.angular_velocity = w[1];
}
