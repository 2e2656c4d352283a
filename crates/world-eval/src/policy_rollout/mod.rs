//! Policies that act in a world model, beside the exact simulator with the same actions.

mod batch;
mod file;
mod films;
mod job;
mod observe;
mod record;
mod reference;
mod scores;
mod table;

pub use job::{WorldRollout, WorldRolloutJob};
pub use record::{EpisodeCourse, PARTED, WORLD_ROLLOUT_SCHEMA, WorldEpisode, WorldEpisodeEnd, WorldRolloutRecord};
pub use scores::{LostFrames, WorldRolloutScores};
pub(crate) use table::{cell, lost};
