//! Replays: tests whether the extracted actions of a clip reproduce it in the exact environment. Definitions:
//! `docs/replay.md`.

mod clusters;
mod error;
mod job;
mod path;
mod play;
mod report;
mod restarts;
mod start;
mod survival;
mod tables;

pub use error::ReplayError;
pub use job::ReplayJob;
pub use path::{BlockPath, STILL_ANGLE, STILL_DISTANCE, block_path};
pub use play::{Replay, ReplayEnd, replay, replay_from};
pub use report::{ReplayCondition, ReplayReport};
pub use restarts::restarts;
pub use start::ReplayStart;
pub use survival::{SURVIVAL_STEPS, SurvivalPoint};
pub use tables::{CoverageRow, ErrorRow, PATH_EDGES, PUSH_EDGES, ReplayGroup, ReplaySummary};
