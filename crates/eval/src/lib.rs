//! Closed-loop roll-outs, protocols, statistics, plots and reports. No machine learning: policies and models are seen
//! through the traits of `pusht-env` and `pusht-data`.
//!
//! [`RolloutRecord`] holds what happened, [`Scores`] what it is worth under a [`Protocol`], [`Arm`] puts the seeds of
//! an experiment's arm together, [`Verdict`] answers its question, [`Report`] holds all of it.
//! Formulas and rules: `docs/evaluation.md`.

mod report;
mod rollout;
mod verdict;

pub use report::{
    ActionRow, Arm, ExtractionRow, Fit, LossPoint, Method, ModelTraining, Picture, REPORT_SCHEMA, Report, Role,
    RowKind, RunRecord, SeedResult, Shows, StageTime, Training, TrainingData,
};
pub use rollout::{
    EpisodeRecord, EpisodeScores, FIRST_START_SEED, POSE_ANGLE_DEGREES, POSE_DISTANCE, Protocol, RECORD_SCHEMA,
    RecordError, RolloutRecord, SOLVED_COVERAGE, Scores,
};
pub use traj_metrics::{Bootstrap, Interval, MeanSd};
pub use verdict::{ABOVE_FLOOR, Comparison, Generator, GeneratorKind, MARGIN, Outcome, Verdict, VerdictError};
