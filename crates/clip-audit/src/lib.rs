#![doc = include_str!("../README.md")]

mod audit;
pub mod benchmark;
mod distribution;
#[cfg(feature = "fvd")]
pub mod fvd;
mod quality;
mod replay;

pub use audit::{
    Audit, AuditError, Auditor, ClipAudit, ClipScores, FEWEST_FRAMES, Finding, FindingKind, ScaleScore, Strip, Strips,
    TaskProgress, VideoAudit, VideoAuditor,
};
pub use distribution::{
    DistributionError, DistributionJob, DistributionJobError, DistributionReport, DistributionRow, FEATURE_SCALES,
    FEATURES, NullDistances, SkippedVideo, TOUCH, TrajectorySet, WINDOW_FRAMES, WINDOW_STRIDE, frechet,
    frechet_interval, frechet_of_features, gap, split_clips,
};
pub use quality::{
    ClipComparison, ClipEvaluator, ClipQuality, QualityError, QualityGroup, QualityReport, QualityRow, compare_clips,
    deformation,
};
pub use replay::{
    BlockPath, CoverageRow, ErrorRow, PATH_EDGES, PUSH_EDGES, Replay, ReplayCondition, ReplayEnd, ReplayError,
    ReplayGroup, ReplayJob, ReplayReport, ReplayStart, ReplaySummary, STILL_ANGLE, STILL_DISTANCE, SURVIVAL_STEPS,
    SurvivalPoint, block_path, replay, replay_from, restarts,
};
