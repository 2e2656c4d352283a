//! How well a world model evaluates policies: their returns in it, beside those in the exact simulator.

mod correlation;
mod job;
mod report;
mod table;

pub use correlation::{NoCorrelation, PolicyReturns, ReturnCorrelation};
pub use job::{NamedPolicy, WorldScoreJob};
pub use report::{PolicyInWorld, WORLD_SCORE_SCHEMA, WorldScoreReport};
