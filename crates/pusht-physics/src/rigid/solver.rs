//! The solver: sequential impulses on the actual velocities and on those that push overlapping shapes apart.

use super::body::Body;
use crate::engine::ITERATIONS;
use crate::vector::{Vec2, max};

/// The bodies: agent, block, and the walls' unmovable one.
pub(super) type Bodies = [Motion; 3];
pub(super) const AGENT: usize = 0;
pub(super) const BLOCK: usize = 1;
pub(super) const WALLS: usize = 2;

/// What the solver sees of a body.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Motion {
    pub center: Vec2,
    velocity: Vec2,
    angular_velocity: f64,
    bias_velocity: Vec2,
    bias_angular_velocity: f64,
    inverse_mass: f64,
    inverse_moment: f64,
}

impl Motion {
    pub const fn of(body: &Body) -> Self {
        Self {
            center: body.center,
            velocity: body.velocity,
            angular_velocity: body.angular_velocity,
            bias_velocity: body.bias_velocity,
            bias_angular_velocity: body.bias_angular_velocity,
            inverse_mass: body.inverse_mass,
            inverse_moment: body.inverse_moment,
        }
    }

    pub const fn store(&self, body: &mut Body) {
        body.velocity = self.velocity;
        body.angular_velocity = self.angular_velocity;
        body.bias_velocity = self.bias_velocity;
        body.bias_angular_velocity = self.bias_angular_velocity;
    }

    fn apply_impulse(&mut self, j: Vec2, r: Vec2) {
        self.velocity = self.velocity + j * self.inverse_mass;
        self.angular_velocity += self.inverse_moment * r.cross(j);
    }

    fn apply_bias_impulse(&mut self, j: Vec2, r: Vec2) {
        self.bias_velocity = self.bias_velocity + j * self.inverse_mass;
        self.bias_angular_velocity += self.inverse_moment * r.cross(j);
    }

    /// Inverse of the effective mass at `r` along `n`.
    fn yielding(&self, r: Vec2, n: Vec2) -> f64 {
        let arm = r.cross(n);
        self.inverse_mass + self.inverse_moment * arm * arm
    }
}

/// A contact.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Row {
    /// Indices of the bodies.
    bodies: [usize; 2],
    n: Vec2,
    /// Offsets from the bodies' centers.
    r: [Vec2; 2],
    /// Effective mass along the normal.
    mass: f64,
    /// Target of the velocity that pushes the bodies apart.
    bias: f64,
    bias_impulse: f64,
    /// Impulse so far.
    pub impulse: f64,
}

impl Row {
    pub fn new(motions: &Bodies, bodies: [usize; 2], n: Vec2, r: [Vec2; 2], bias: f64, impulse: f64) -> Self {
        let [a, b] = bodies;
        Self {
            bodies,
            n,
            r,
            mass: 1.0 / (motions[a].yielding(r[0], n) + motions[b].yielding(r[1], n)),
            bias,
            bias_impulse: 0.0,
            impulse,
        }
    }

    /// Applies the impulse of the last substep.
    pub fn warm_start(&self, motions: &mut Bodies) {
        let [a, b] = self.bodies;
        let j = self.n * self.impulse;
        motions[a].apply_impulse(-j, self.r[0]);
        motions[b].apply_impulse(j, self.r[1]);
    }
}

/// Runs all rounds over the contacts in their order.
pub(super) fn solve(rows: &mut [Row], motions: &mut Bodies) {
    for _ in 0..ITERATIONS {
        let mut settled = true;
        for row in &mut *rows {
            let [i, j] = row.bodies;
            let [r1, r2] = row.r;
            let n = row.n;
            let (a, b) = (&motions[i], &motions[j]);
            let bias_a = a.bias_velocity + r1.perp() * a.bias_angular_velocity;
            let bias_b = b.bias_velocity + r2.perp() * b.bias_angular_velocity;
            let velocity_a = a.velocity + r1.perp() * a.angular_velocity;
            let velocity_b = b.velocity + r2.perp() * b.angular_velocity;
            let bias_before = row.bias_impulse;
            let change = (row.bias - (bias_b - bias_a).dot(n)) * row.mass;
            row.bias_impulse = max(bias_before + change, 0.0);
            let before = row.impulse;
            let change = -(velocity_b - velocity_a).dot(n) * row.mass;
            row.impulse = max(before + change, 0.0);
            settled &= row.impulse == before && row.bias_impulse == bias_before;
            let push_apart = n * (row.bias_impulse - bias_before);
            let push = n * (row.impulse - before);
            motions[i].apply_bias_impulse(-push_apart, r1);
            motions[j].apply_bias_impulse(push_apart, r2);
            motions[i].apply_impulse(-push, r1);
            motions[j].apply_impulse(push, r2);
        }
        // A round that changes no impulse changes no velocity, so all later rounds would repeat it.
        if settled {
            break;
        }
    }
}
