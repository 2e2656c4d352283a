//! Closed-loop rollouts.

mod file;
mod film;
mod floors;
mod part;
mod protocol;
mod record;
mod record_error;
pub(crate) mod rows;
mod run;
mod scores;
mod summary;
mod weakened;

pub use film::{FilmError, evenly_spaced, film};
pub use floors::{RandomTarget, StandStill};
pub use part::RolloutPart;
pub use protocol::{FIRST_START_SEED, Protocol, UnknownProtocol};
pub use record::{EpisodeRecord, RECORD_SCHEMA, RolloutRecord};
pub use record_error::RecordError;
pub use run::{RolloutConfig, RolloutError, rollout, rollout_labeled, rollout_some};
pub use scores::{EpisodeScores, POSE_ANGLE_DEGREES, POSE_DISTANCE, RolloutScores, SOLVED_COVERAGE, pose_reached};
pub use summary::Summary;
pub use weakened::{UnknownWeakness, Weakened, Weakness};
