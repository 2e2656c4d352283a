//! A body that moves, with its shapes on the board.

use super::MAX_PARTS;
use super::shape::{AgentPlan, BodyPlan};
use crate::engine::DT;
use crate::manifold::normals;
use crate::vector::{Aabb, Vec2};
use crate::{Pose, Quad};

/// Position, angle and velocities of a body.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BodyState {
    /// Body origin, px.
    pub position: [f64; 2],
    /// rad, not wrapped.
    pub angle: f64,
    /// px/s.
    pub velocity: [f64; 2],
    /// rad/s.
    pub angular_velocity: f64,
}

/// A rectangle of a body, or the box of a disc.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Part {
    local: Quad,
    /// Outward normals of the edges that end at each corner, in body coordinates.
    normals: [Vec2; 4],
    /// Corners on the board.
    pub corners: [Vec2; 4],
    /// Box on the board.
    pub bounds: Aabb,
}

/// A body.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Body {
    /// Center of gravity on the board: the integrated variable.
    pub center: Vec2,
    /// Body origin on the board: derived from `center` and `angle`.
    pub origin: Vec2,
    pub angle: f64,
    /// Cosine and sine of `angle`.
    rotation: Vec2,
    pub velocity: Vec2,
    pub angular_velocity: f64,
    /// Velocity that pushes overlapping shapes apart; lives from one solver run to the next integration.
    pub bias_velocity: Vec2,
    pub bias_angular_velocity: f64,
    /// 1, or 0 for an infinite mass.
    pub inverse_mass: f64,
    pub inverse_moment: f64,
    pub center_of_gravity: Vec2,
    /// Radius of a disc; none for rectangles.
    pub radius: Option<f64>,
    parts: [Part; MAX_PARTS],
    len: u8,
}

impl Body {
    pub fn agent(plan: &AgentPlan) -> Self {
        match plan {
            AgentPlan::Rectangles(body) => Self::rectangles(body),
            AgentPlan::Disc { radius, position } => {
                let mut disc = Self::resting([0.0; 2], 0.0, 0.0);
                disc.radius = Some(*radius);
                disc.len = 1;
                disc.set_position((*position).into());
                disc.update_shapes();
                disc
            }
        }
    }

    pub fn rectangles(plan: &BodyPlan) -> Self {
        let mut body = Self::resting(plan.center_of_gravity, 1.0, 1.0 / plan.moment);
        for (part, quad) in body.parts.iter_mut().zip(plan.rectangles.quads()) {
            part.local = *quad;
            part.normals = normals(quad);
            body.len += 1;
        }
        body.set_position(Vec2::new(plan.pose.x, plan.pose.y));
        body.set_angle(plan.pose.angle);
        body.update_shapes();
        body
    }

    fn resting(center_of_gravity: [f64; 2], inverse_mass: f64, inverse_moment: f64) -> Self {
        Self {
            center: Vec2::ZERO,
            origin: Vec2::ZERO,
            angle: 0.0,
            rotation: Vec2::new(1.0, 0.0),
            velocity: Vec2::ZERO,
            angular_velocity: 0.0,
            bias_velocity: Vec2::ZERO,
            bias_angular_velocity: 0.0,
            inverse_mass,
            inverse_moment,
            center_of_gravity: center_of_gravity.into(),
            radius: None,
            parts: [Part::default(); MAX_PARTS],
            len: 0,
        }
    }

    pub fn parts(&self) -> &[Part] {
        &self.parts[..usize::from(self.len)]
    }

    pub const fn state(&self) -> BodyState {
        BodyState {
            position: self.origin.array(),
            angle: self.angle,
            velocity: self.velocity.array(),
            angular_velocity: self.angular_velocity,
        }
    }

    /// The reference's position setter: keeps the angle; the position read back may differ in the last bit.
    pub fn set_position(&mut self, position: Vec2) {
        self.center = self.turned(self.center_of_gravity) + position;
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
    pub fn turned(&self, v: Vec2) -> Vec2 {
        let Vec2 { x: c, y: s } = self.rotation;
        Vec2::new(c * v.x + (-s) * v.y, s * v.x + c * v.y)
    }

    /// The normal of the edge of a part that ends at a corner, on the board.
    pub fn normal(&self, part: usize, corner: usize) -> Vec2 {
        self.turned(self.parts[part].normals[corner])
    }

    /// Moves by the velocities of the last solver run.
    pub fn integrate(&mut self) {
        self.center = self.center + (self.velocity + self.bias_velocity) * DT;
        let angle = self.angle + (self.angular_velocity + self.bias_angular_velocity) * DT;
        self.bias_velocity = Vec2::ZERO;
        self.bias_angular_velocity = 0.0;
        if self.radius.is_some() {
            self.update_transform();
        } else {
            self.set_angle(angle);
        }
        self.update_shapes();
    }

    fn update_transform(&mut self) {
        let Vec2 { x: c, y: s } = self.rotation;
        let g = self.center_of_gravity;
        self.origin = Vec2::new(self.center.x - (g.x * c - g.y * s), self.center.y - (g.x * s + g.y * c));
    }

    /// Updates corners and boxes.
    fn update_shapes(&mut self) {
        if let Some(radius) = self.radius {
            self.parts[0].bounds = Aabb::around_circle(self.origin, radius);
            return;
        }
        let Vec2 { x: c, y: s } = self.rotation;
        let o = self.origin;
        for part in &mut self.parts[..usize::from(self.len)] {
            part.corners = part
                .local
                .map(|[x, y]| Vec2::new(c * x + (-s) * y + o.x, s * x + c * y + o.y));
            part.bounds = Aabb::around_points(&part.corners);
        }
    }

    /// Damps the velocities; no force acts.
    pub fn damp(&mut self, factor: f64) {
        if self.inverse_mass > 0.0 {
            self.velocity = self.velocity * factor + Vec2::ZERO;
            self.angular_velocity *= factor;
        }
    }

    /// Where the body is.
    pub const fn pose(&self) -> Pose {
        Pose::new(self.origin.x, self.origin.y, self.angle)
    }
}
