//! Closed-loop roll-outs, protocols, statistics, plots and reports. No machine learning: policies and models are seen
//! through the traits of `pusht-env` and `pusht-data`.
//!
//! [`RolloutRecord`] holds what happened, [`Scores`] what it is worth under a [`Protocol`], [`Arm`] puts the seeds of
//! an experiment's arm together, [`Verdict`] answers its question, [`Report`] holds all of it.
//! [`audit`] says what is wrong with a clip, [`replay()`] whether its actions reproduce it, [`frechet`] how far a set of clips
//! is from another. Formulas and rules: `docs/evaluation.md`, `docs/audit.md`, `docs/replay.md`, `docs/distribution.md`.

pub mod audit;
mod distribution;
pub mod plot;
mod quality;
mod replay;
mod report;
mod rollout;
mod verdict;

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
pub use report::{
    ActionRow, Arm, Assets, ExtractionRow, Fit, FitFloor, LossPoint, Method, ModelTraining, OtherGenerator,
    OtherPolicy, OurValue, PaperRow, Picture, REPORT_SCHEMA, Report, ReportError, Role, RowKind, RunRecord, SeedResult,
    Shows, StageTime, Training, TrainingData, render_html,
};
pub use rollout::{
    EpisodeRecord, EpisodeScores, FIRST_START_SEED, FilmError, POSE_ANGLE_DEGREES, POSE_DISTANCE, Protocol,
    RECORD_SCHEMA, RandomTarget, RecordError, RolloutConfig, RolloutError, RolloutPart, RolloutRecord, SOLVED_COVERAGE,
    Scores, StandStill, Summary, evenly, film, rollout, rollout_some,
};
pub use traj_metrics::{Bootstrap, Estimate, Interval, MeanSd};
pub use verdict::{ABOVE_FLOOR, Comparison, Generator, GeneratorKind, MARGIN, Outcome, Verdict, VerdictError};
