#![doc = include_str!("../README.md")]

mod arbiter;
mod closest;
mod engine;
mod geometry;
mod manifold;
mod partners;
mod pose;
mod rigid;
mod tee;
mod vector;
mod wall;

pub use engine::SUBSTEPS;
pub use geometry::{AGENT_RADIUS, BAR, Quad, STEM, WALL_RADIUS, WALLS, bar_vertices, stem_vertices};
pub use pose::{BlockVelocity, ContactTick, Pose};
pub use rigid::{AgentPlan, BodyPlan, BodyState, DrawnShape, Rectangles, ShapeError, ShapeSpace};
pub use tee::{Agent, CONTACT_PAIRS, TeeSpace};
pub use vector::Vec2;
