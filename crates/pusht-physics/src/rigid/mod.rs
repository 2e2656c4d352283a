//! An agent and a block of other shapes: a disc, or one to three rectangles, of any size.
//!
//! The same engine as in [`crate::TeeSpace`], with all that its space leaves out: agents that are dynamic bodies themselves
//! and are moved by contacts, contacts of two rectangles, more than three moving shapes, and start poses from which the
//! broad phase builds another tree.

mod arbiters;
mod body;
mod contact;
mod shape;
mod solver;
mod space;
mod tree;

pub use body::BodyState;
pub use shape::{AgentPlan, BodyPlan, Rectangles, ShapeError};
pub use space::{DrawnShape, ShapeSpace};

/// Rectangles of a body at most.
pub(crate) const MAX_PARTS: usize = 3;

/// Shapes that move at most: those of the agent, then those of the block.
const MAX_MOVING: usize = 2 * MAX_PARTS;
