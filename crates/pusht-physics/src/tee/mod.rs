//! A disc that pushes the T of gym-pusht and diffusion_policy: everything about the two is known when this is compiled.
//!
//! `docs/environment.md` describes the algorithm. Operations are in the engine's order, because after a few dozen
//! contacts the result of a push depends on the last bit.

mod arbiters;
mod body;
mod broad_phase;
mod contact;
mod solver;
mod space;

pub use arbiters::CONTACT_PAIRS;
pub use body::Agent;
pub use space::TeeSpace;

use crate::engine::{FIRST_MOVING, ShapeId};

/// Shapes are numbered in the order in which the references add them: walls 0 to 3, agent, bar, stem.
const AGENT: ShapeId = FIRST_MOVING;
const BAR_SHAPE: ShapeId = 5;
const STEM_SHAPE: ShapeId = 6;
