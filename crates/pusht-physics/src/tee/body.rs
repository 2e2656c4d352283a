//! The two bodies that move: the agent, driven by its controller, and the T, moved only by contacts.

use crate::engine::DT;
use crate::vector::{Aabb, Vec2};
use crate::{BAR, Pose, STEM};

/// The T's center of gravity in body coordinates.
pub(crate) const CENTER_OF_GRAVITY: Vec2 = Vec2::new(0.0, 45.0);

/// 1 / moment of inertia of the T; its mass is 1.
pub(crate) const INVERSE_MOMENT: f64 = 1.0 / 3000.0;

/// The agent: a disc of infinite mass.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Agent {
    /// Center, px.
    pub position: Vec2,
    /// px/s.
    pub velocity: Vec2,
}

impl Agent {
    /// Sets the velocity of the next substep by the reference's controller, a PD law toward `target`.
    #[inline(always)]
    pub fn steer(&mut self, target: Vec2) {
        let acceleration = (target - self.position) * 100.0 + (Vec2::ZERO - self.velocity) * 20.0;
        self.velocity = self.velocity + acceleration * DT;
    }

    /// Moves for one substep.
    #[inline(always)]
    pub fn integrate(&mut self) {
        self.position = self.position + self.velocity * DT;
    }
}

/// The T.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Block {
    /// Center of gravity on the board: the integrated variable.
    pub center: Vec2,
    /// Body origin on the board: derived from `center` and `angle`, and what the references report.
    pub origin: Vec2,
    pub angle: f64,
    /// Cosine and sine of `angle`.
    rotation: Vec2,
    pub velocity: Vec2,
    pub angular_velocity: f64,
    /// Velocity that pushes overlapping shapes apart; lives from one solver run to the next integration.
    pub bias_velocity: Vec2,
    pub bias_angular_velocity: f64,
    /// Corners of bar and stem on the board.
    pub corners: [[Vec2; 4]; 2],
    /// Boxes around bar and stem.
    pub boxes: [Aabb; 2],
}

impl Block {
    /// A T at rest with exactly this pose.
    pub fn at(pose: Pose) -> Self {
        let (s, c) = pose.angle.sin_cos();
        let mut block = Self {
            center: Vec2::ZERO,
            origin: Vec2::new(pose.x, pose.y),
            angle: pose.angle,
            rotation: Vec2::new(c, s),
            velocity: Vec2::ZERO,
            angular_velocity: 0.0,
            bias_velocity: Vec2::ZERO,
            bias_angular_velocity: 0.0,
            corners: [[Vec2::ZERO; 4]; 2],
            boxes: [Aabb::default(); 2],
        };
        block.center = block.turned(CENTER_OF_GRAVITY) + block.origin;
        block.update_shapes();
        block
    }

    /// Moves the T to exactly this pose; its velocities stay.
    pub fn place(&mut self, pose: Pose) {
        let Self {
            velocity,
            angular_velocity,
            bias_velocity,
            bias_angular_velocity,
            ..
        } = *self;
        *self = Self {
            velocity,
            angular_velocity,
            bias_velocity,
            bias_angular_velocity,
            ..Self::at(pose)
        };
    }

    #[inline]
    pub const fn pose(&self) -> Pose {
        Pose::new(self.origin.x, self.origin.y, self.angle)
    }

    /// The reference's position setter: keeps the angle; the position read back may differ in the last bit.
    pub fn set_position(&mut self, position: Vec2) {
        self.center = self.turned(CENTER_OF_GRAVITY) + position;
        self.update_transform();
    }

    /// The reference's angle setter: turns about the center of gravity, and so changes the position.
    pub fn set_angle(&mut self, angle: f64) {
        self.angle = angle;
        let (s, c) = angle.sin_cos();
        self.rotation = Vec2::new(c, s);
        self.update_transform();
    }

    /// Converts a direction from body coordinates to board coordinates.
    #[inline(always)]
    pub fn turned(&self, v: Vec2) -> Vec2 {
        let Vec2 { x: c, y: s } = self.rotation;
        Vec2::new(c * v.x + (-s) * v.y, s * v.x + c * v.y)
    }

    /// Moves by the velocities of the last solver run. Transform and shapes follow from `center` and `angle` alone, so
    /// they are left unchanged if neither has changed.
    #[inline(always)]
    pub fn integrate(&mut self) {
        let center = self.center + (self.velocity + self.bias_velocity) * DT;
        let angle = self.angle + (self.angular_velocity + self.bias_angular_velocity) * DT;
        self.bias_velocity = Vec2::ZERO;
        self.bias_angular_velocity = 0.0;
        if center == self.center && angle == self.angle {
            return;
        }
        self.center = center;
        self.set_angle(angle);
        self.update_shapes();
    }

    fn update_transform(&mut self) {
        let Vec2 { x: c, y: s } = self.rotation;
        let g = CENTER_OF_GRAVITY;
        self.origin = Vec2::new(self.center.x - (g.x * c - g.y * s), self.center.y - (g.x * s + g.y * c));
    }

    /// Updates corners and boxes.
    pub fn update_shapes(&mut self) {
        let Vec2 { x: c, y: s } = self.rotation;
        let o = self.origin;
        self.corners =
            [&BAR, &STEM].map(|quad| quad.map(|[x, y]| Vec2::new(c * x + (-s) * y + o.x, s * x + c * y + o.y)));
        self.boxes = [
            Aabb::around_points(&self.corners[0]),
            Aabb::around_points(&self.corners[1]),
        ];
    }

    /// Applies an impulse `j` at `r` from the center of gravity.
    #[inline(always)]
    pub fn apply_impulse(&mut self, j: Vec2, r: Vec2) {
        self.velocity = self.velocity + j;
        self.angular_velocity += INVERSE_MOMENT * r.cross(j);
    }
}
