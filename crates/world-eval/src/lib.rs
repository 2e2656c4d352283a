#![doc = include_str!("../README.md")]

mod agent_motion;
mod column;
mod demonstrations;
mod error;
mod expert;
mod films;
mod judge;
mod limit;
mod nearest;
mod policy_rollout;
mod policy_scores;
mod pose_fit;
mod request;
mod rollout;
mod run;
mod simulator;
mod table;
mod unseen;

pub use agent_motion::agent_motion_at;
pub use column::{GateColumn, PoseRow};
pub use demonstrations::DemonstrationPaths;
pub use error::WorldEvalError;
pub use expert::ExpertPaths;
pub use films::{WorldFilms, beside, pair_sheet};
pub use judge::{ClipMeasures, PathJudge, corner_distance};
pub use limit::{GateLimit, GateMeasure, GateOutcome};
pub use nearest::TrainingWindows;
pub use policy_rollout::{
    EpisodeCourse, LostFrames, PARTED, WORLD_ROLLOUT_SCHEMA, WorldEpisode, WorldEpisodeEnd, WorldRollout,
    WorldRolloutJob, WorldRolloutRecord, WorldRolloutScores,
};
pub use policy_scores::{
    NamedPolicy, NoCorrelation, PolicyInWorld, PolicyReturns, ReturnCorrelation, WORLD_SCORE_SCHEMA, WorldScoreJob,
    WorldScoreReport,
};
pub use request::{PathClip, PathOrigin, PathRequest};
pub use rollout::{SamplingTime, roll_out, sampling_time};
pub use run::{GateJob, GateReference, JudgedClip, JudgedWorld};
pub use simulator::SimulatorWorld;
pub use table::GateReport;
pub use unseen::{UnseenMeasures, UnseenScene};

/// Side of the frames, px.
pub(crate) const SIDE: u32 = 96;
/// Board px per pixel of a frame.
pub(crate) const PIXEL: f64 = 512.0 / 96.0;
