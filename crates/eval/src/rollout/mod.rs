//! Closed-loop roll-outs.

mod protocol;
mod record;
mod scores;

pub use protocol::{FIRST_START_SEED, Protocol};
pub use record::{EpisodeRecord, RECORD_SCHEMA, RecordError, RolloutRecord};
pub use scores::{EpisodeScores, POSE_ANGLE_DEGREES, POSE_DISTANCE, SOLVED_COVERAGE, Scores};
