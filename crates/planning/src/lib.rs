#![doc = include_str!("../README.md")]

mod clips;
mod cross_entropy;
mod error;
mod in_simulator;
mod in_world;
mod search;
mod tasks;
mod waypoints;
mod world;

pub use clips::{ClipPlanner, ClipPlannerSettings};
pub use cross_entropy::{CrossEntropy, LowestCost};
pub use error::PlanningError;
pub use in_simulator::InSimulator;
pub use in_world::{InWorldModel, PictureCost};
pub use search::{SearchPolicy, SearchSettings};
pub use tasks::goal_tasks;
pub use world::PlanningWorld;

/// Side of the board, px.
pub(crate) const BOARD: f64 = 512.0;
