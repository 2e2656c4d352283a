//! The space and its substep.

use super::arbiters::{Arbiters, CONTACT_PAIRS};
use super::body::{Agent, Block};
use super::broad_phase::BroadPhase;
use super::contact::{agent_with, wall_with};
use super::{AGENT, BAR_SHAPE};
use crate::engine::SUBSTEPS;
use crate::vector::{Aabb, Vec2};
use crate::wall::walls;
use crate::{AGENT_RADIUS, BlockVelocity, ContactTick, Pose};

/// Complete state of the physics of a disc and a T. A copy of it is an exact snapshot.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TeeSpace {
    agent: Agent,
    block: Block,
    broad_phase: BroadPhase,
    arbiters: Arbiters,
}

impl TeeSpace {
    /// The space as the references build it, before any state is set: agent at (256, 400), T at (256, 300).
    #[allow(clippy::new_without_default)]
    pub fn new() -> Self {
        let agent = Agent {
            position: Vec2::new(256.0, 400.0),
            velocity: Vec2::ZERO,
        };
        // The references create the T at (256, 300) through the position setter, at angle 0.
        let block = Block::at(Pose::new(256.0, 300.0, 0.0));
        let boxes = [
            Aabb::around_circle(agent.position, AGENT_RADIUS),
            block.boxes[0],
            block.boxes[1],
        ];
        Self {
            agent,
            block,
            broad_phase: BroadPhase::at_start(&boxes),
            arbiters: Arbiters::new(),
        }
    }

    /// The world at rest in exactly this state, without contacts.
    pub fn at(agent: [f64; 2], block: Pose) -> Self {
        let mut space = Self::new();
        space.agent.position = agent.into();
        space.block = Block::at(block);
        space
    }

    /// The world in the middle of a motion: exactly these positions and this velocity of the agent, with the T's
    /// velocity and the impulses that the solver finds for the contacts there.
    pub fn in_motion(agent: [f64; 2], velocity: [f64; 2], block: Pose) -> Self {
        let mut space = Self::at(agent, block);
        space.agent.velocity = velocity.into();
        space.collide();
        space
    }

    /// Moves agent and T; contacts with their impulses and the T's velocity stay as the last substep left them.
    pub fn place(&mut self, agent: [f64; 2], velocity: [f64; 2], block: Pose) {
        self.agent.position = agent.into();
        self.agent.velocity = velocity.into();
        self.block.place(block);
    }

    /// Multiplies the impulses of the last substep by a factor for each pair of shapes.
    pub fn scale_impulses(&mut self, factors: &[f64; CONTACT_PAIRS]) {
        self.arbiters.scale_impulses(factors);
    }

    /// The world after a reset as in the references: through their setters, in their order, followed by one substep.
    pub fn reset(agent: [f64; 2], block: Pose, angle_first: bool) -> Self {
        let mut space = Self::new();
        space.agent.position = agent.into();
        let position = Vec2::new(block.x, block.y);
        if angle_first {
            space.block.set_angle(block.angle);
            space.block.set_position(position);
        } else {
            space.block.set_position(position);
            space.block.set_angle(block.angle);
        }
        space.block.update_shapes();
        space.substep();
        space
    }

    /// Runs one environment step toward `target`; returns the number of contact points, summed over its substeps.
    pub fn step(&mut self, target: [f64; 2]) -> u32 {
        let target = target.into();
        let mut contacts = 0;
        for _ in 0..SUBSTEPS {
            self.agent.steer(target);
            self.substep();
            contacts += self.arbiters.contact_count();
        }
        contacts
    }

    #[inline(always)]
    fn substep(&mut self) {
        self.arbiters.begin();
        self.agent.integrate();
        self.block.integrate();
        self.collide();
    }

    /// The part of a substep after the bodies have moved: contacts, and the T's velocity.
    #[inline(always)]
    fn collide(&mut self) {
        let Self {
            agent,
            block,
            broad_phase,
            arbiters,
        } = self;
        let agent_box = Aabb::around_circle(agent.position, AGENT_RADIUS);
        let boxes = [agent_box, block.boxes[0], block.boxes[1]];
        broad_phase.update(&boxes, agent.velocity, block.velocity, |a, b, id| {
            let (first, shape) = if a < BAR_SHAPE { (a, b) } else { (b, a) };
            let rectangle = usize::from(shape - BAR_SHAPE);
            let (bounds, center) = if first == AGENT {
                (&agent_box, agent.position)
            } else {
                (&walls()[usize::from(first)].bounds, Vec2::ZERO)
            };
            if !bounds.intersects(&block.boxes[rectangle]) {
                return id;
            }
            let (found, id) = if first == AGENT {
                agent_with(agent.position, block, rectangle, id)
            } else {
                wall_with(first, block, rectangle, id)
            };
            if found.len > 0 {
                arbiters.touch(first, shape, &found, center, block.center);
            }
            id
        });
        arbiters.purge();
        block.velocity = Vec2::ZERO;
        block.angular_velocity = 0.0;
        arbiters.solve(agent, block);
    }

    /// Center of the agent, px.
    #[inline]
    pub const fn agent_position(&self) -> [f64; 2] {
        self.agent.position.array()
    }

    /// Velocity of the agent, px/s.
    #[inline]
    pub const fn agent_velocity(&self) -> [f64; 2] {
        self.agent.velocity.array()
    }

    /// Pose of the T.
    #[inline]
    pub const fn block_pose(&self) -> Pose {
        self.block.pose()
    }

    /// Sets the agent's velocity, which no observation contains; needed to start in the middle of a motion.
    pub fn set_agent_velocity(&mut self, velocity: [f64; 2]) {
        self.agent.velocity = velocity.into();
    }

    /// Velocity of the T's center of gravity and its angular velocity, as the last substep solved them.
    #[inline]
    pub const fn block_velocity(&self) -> BlockVelocity {
        BlockVelocity {
            linear: self.block.velocity.array(),
            angular: self.block.angular_velocity,
        }
    }

    /// Corners of bar and stem.
    #[inline]
    pub const fn block_corners(&self) -> &[[Vec2; 4]; 2] {
        &self.block.corners
    }

    /// Contact points of the last substep.
    #[inline]
    pub fn contact_count(&self) -> u32 {
        self.arbiters.contact_count()
    }

    /// Contacts of the last substep, in solver order.
    pub fn contact_ticks(&self) -> Vec<ContactTick> {
        self.arbiters.ticks(self.agent.position, self.block.center)
    }
}
