//! Closed-loop roll-outs, protocols, scores and the verdict of an experiment; audit and replay of clips. No machine
//! learning: policies are seen through [`pusht_env::Policy`].
//!
//! [`RolloutRecord`] holds what happened, [`Scores`] what it is worth under a [`Protocol`], [`Arm`] puts the seeds of
//! an experiment's arm together, [`Verdict`] answers its question; the crate `report` draws them.
//! [`audit`] says what is wrong with a clip, [`replay()`] whether its actions reproduce it, [`frechet`] how far a set of clips
//! is from another. Formulas and rules: `docs/evaluation.md`, `docs/audit.md`, `docs/replay.md`, `docs/distribution.md`.

mod arm;
pub mod audit;
mod distribution;
mod quality;
mod replay;
mod rollout;
mod verdict;

pub use arm::{Arm, Fit, LossPoint, Role, SeedResult, Training, TrainingData};
pub use distribution::{
    DistributionError, DistributionReport, DistributionRow, FEATURE_SCALES, FEATURES, NullDistances, TOUCH,
    TrajectorySet, WINDOW_FRAMES, WINDOW_STRIDE, frechet, frechet_interval, frechet_of_features, gap, split_clips,
};
pub use quality::{ClipQuality, Judge, QualityError, QualityGroup, QualityReport, QualityRow};
pub use replay::{
    BlockPath, CoverageRow, ErrorRow, Final, PATH_EDGES, PUSH_EDGES, Replay, ReplayCondition, ReplayError, ReplayGroup,
    ReplayReport, ReplayStart, ReplaySummary, STILL_ANGLE, STILL_DISTANCE, SURVIVAL_STEPS, Together, block_path,
    replay, replay_from, restarts,
};
pub use rollout::{
    EpisodeRecord, EpisodeScores, FIRST_START_SEED, FilmError, POSE_ANGLE_DEGREES, POSE_DISTANCE, Protocol,
    RECORD_SCHEMA, RandomTarget, RecordError, RolloutConfig, RolloutError, RolloutPart, RolloutRecord, SOLVED_COVERAGE,
    Scores, StandStill, Summary, evenly, film, rollout, rollout_some,
};
pub use traj_metrics::{Bootstrap, Estimate, Interval, MeanSd};
pub use verdict::{ABOVE_FLOOR, Comparison, Generator, GeneratorKind, MARGIN, Outcome, Verdict, VerdictError};
