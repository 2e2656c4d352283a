#![doc = include_str!("../README.md")]

mod audit;
mod distribution;
#[cfg(feature = "fvd")]
pub mod fvd;
mod quality;
mod replay;
pub mod trial;

pub use audit::{
    Audit, AuditError, Auditor, ClipAudit, Finding, Kind, Reach, Score, Scores, Strip, Strips, VideoAudit, VideoAuditor,
};
pub use distribution::{
    DistributionError, DistributionJob, DistributionJobError, DistributionReport, DistributionRow, FEATURE_SCALES,
    FEATURES, NullDistances, SkippedVideo, TOUCH, TrajectorySet, WINDOW_FRAMES, WINDOW_STRIDE, frechet,
    frechet_interval, frechet_of_features, gap, split_clips,
};
pub use quality::{
    ClipComparison, ClipQuality, Judge, QualityError, QualityGroup, QualityReport, QualityRow, compare_clips,
};
pub use replay::{
    BlockPath, CoverageRow, ErrorRow, Final, PATH_EDGES, PUSH_EDGES, Replay, ReplayCondition, ReplayError, ReplayGroup,
    ReplayJob, ReplayReport, ReplayStart, ReplaySummary, STILL_ANGLE, STILL_DISTANCE, SURVIVAL_STEPS, Together,
    block_path, replay, replay_from, restarts,
};
