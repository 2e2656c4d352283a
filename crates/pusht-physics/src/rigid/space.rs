//! The space and its substep.

use super::arbiters::Arbiters;
use super::body::{Body, BodyState};
use super::contact::{Shape, collide};
use super::shape::{AgentPlan, BodyPlan, ShapeError, finite};
use super::solver::Motion;
use super::tree::Tree;
use crate::engine::DT;
use crate::vector::Vec2;
use crate::{ContactTick, Pose, Quad};

/// Complete state of the physics of an agent and a block. A copy of it is an exact snapshot.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ShapeSpace {
    agent: Body,
    block: Body,
    tree: Tree,
    arbiters: Arbiters,
    /// Share of a movable body's velocity that is left after a substep.
    damping: f64,
}

/// A shape of a body on the board.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum DrawnShape {
    /// A disc: center and radius, px.
    Disc {
        /// Center.
        center: [f64; 2],
        /// Radius.
        radius: f64,
    },
    /// A rectangle: corners in the reference's order, px.
    Rectangle(Quad),
}

impl ShapeSpace {
    /// A space with walls, agent and block, in this order, at rest. `damping` is the share of its velocity that a movable body
    /// keeps in a second; 0 in the references, which stops it in every substep.
    ///
    /// # Errors
    /// A number that is not finite, a radius or moment of inertia that is not positive, a negative damping.
    pub fn new(agent: &AgentPlan, block: &BodyPlan, damping: f64) -> Result<Self, ShapeError> {
        agent.check()?;
        block.check()?;
        if !damping.is_finite() || damping < 0.0 {
            return Err(ShapeError::Damping { found: damping });
        }
        let (agent, block) = (Body::agent(agent), Body::rectangles(block));
        let boxes = agent.parts().iter().chain(block.parts()).map(|part| part.bounds);
        let boxes: Vec<_> = boxes.collect();
        let agent_shapes = agent.parts().len();
        Ok(Self {
            tree: Tree::new(&boxes, agent_shapes, agent.inverse_mass > 0.0),
            arbiters: Arbiters::new(agent_shapes),
            agent,
            block,
            damping: damping.powf(DT),
        })
    }

    /// Runs one substep of 0.01 s; returns the number of contact points.
    pub fn substep(&mut self) -> u32 {
        let Self {
            agent,
            block,
            tree,
            arbiters,
            damping,
        } = self;
        arbiters.begin();
        agent.integrate();
        block.integrate();
        let agent_shapes = agent.parts().len();
        let leaf = |leaf: usize| match leaf.checked_sub(agent_shapes) {
            None => (agent.parts()[leaf].bounds, agent.velocity),
            Some(part) => (block.parts()[part].bounds, block.velocity),
        };
        tree.update(leaf, |a, b, id| {
            let [a, b] = [a, b].map(|shape| Shape::new(shape, agent, block));
            let (found, id) = collide(a, b, id);
            if let Some(found) = found {
                arbiters.touch(found.first, found.second, &found.manifold, found.centers);
            }
            id
        });
        arbiters.purge();
        agent.damp(*damping);
        block.damp(*damping);
        let mut motions = [Motion::of(agent), Motion::of(block), Motion::default()];
        arbiters.solve(&mut motions);
        motions[0].store(agent);
        motions[1].store(block);
        arbiters.contact_count()
    }

    /// The agent's body.
    pub const fn agent(&self) -> BodyState {
        self.agent.state()
    }

    /// The block's body.
    pub const fn block(&self) -> BodyState {
        self.block.state()
    }

    /// Pose of the block.
    pub const fn block_pose(&self) -> Pose {
        self.block.pose()
    }

    /// Sets the agent's velocity, px/s.
    pub fn set_agent_velocity(&mut self, velocity: [f64; 2]) {
        self.agent.velocity = velocity.into();
    }

    /// Sets the agent's position, px; all else stays. Shapes follow in the next substep.
    pub fn set_agent_position(&mut self, position: [f64; 2]) {
        self.agent.set_position(position.into());
    }

    /// Sets the block's angle, then its position; velocities, contacts and the broad phase stay. Shapes follow in the next
    /// substep.
    pub fn set_block_pose(&mut self, pose: Pose) {
        self.block.set_angle(pose.angle);
        self.block.set_position(Vec2::new(pose.x, pose.y));
    }

    /// Sets the block's center of gravity in body coordinates, px, without moving the body.
    ///
    /// # Errors
    /// A number that is not finite.
    pub fn set_block_center_of_gravity(&mut self, center: [f64; 2]) -> Result<(), ShapeError> {
        finite("a center of gravity", &center)?;
        self.block.center_of_gravity = center.into();
        Ok(())
    }

    /// The shapes in the order in which the reference draws them, with whether they are the agent's.
    pub fn shapes(&self) -> impl Iterator<Item = (bool, DrawnShape)> + '_ {
        let agent_shapes = self.agent.parts().len();
        self.tree.hash_order().map(move |leaf| {
            let (body, part) = match leaf.checked_sub(agent_shapes) {
                None => (&self.agent, leaf),
                Some(part) => (&self.block, part),
            };
            let shape = match body.radius {
                Some(radius) => DrawnShape::Disc {
                    center: body.origin.array(),
                    radius,
                },
                None => DrawnShape::Rectangle(body.parts()[part].corners.map(Vec2::array)),
            };
            (leaf < agent_shapes, shape)
        })
    }

    /// Contact points of the last substep.
    pub fn contact_count(&self) -> u32 {
        self.arbiters.contact_count()
    }

    /// Contacts of the last substep, in solver order.
    pub fn contact_ticks(&self) -> Vec<ContactTick> {
        let motions = [Motion::of(&self.agent), Motion::of(&self.block), Motion::default()];
        self.arbiters.ticks(&motions)
    }
}
