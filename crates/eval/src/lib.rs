#![doc = include_str!("../README.md")]

mod arm_results;
mod exchange;
mod expert;
mod rollout;
mod verdict;

pub use arm_results::{Arm, Fit, LossPoint, Role, SeedResult, Training, TrainingData};
pub use exchange::{CurvePoint, ExchangeRate, Worth};
pub use expert::{ExpertEvaluation, ExpertEvaluationError, ExpertScores};
pub use pusht_jobs::JobContext;
pub use rollout::{
    EpisodeRecord, EpisodeScores, FIRST_START_SEED, FilmError, POSE_ANGLE_DEGREES, POSE_DISTANCE, Protocol,
    RECORD_SCHEMA, RandomTarget, RecordError, RolloutConfig, RolloutError, RolloutPart, RolloutRecord, RolloutScores,
    SOLVED_COVERAGE, StandStill, Summary, UnknownProtocol, evenly_spaced, film, rollout, rollout_labeled, rollout_some,
};
pub use verdict::{
    ABOVE_FLOOR, CALIBRATION, Comparison, Generator, GeneratorKind, MARGIN, NEGATIVE_CONTROL, Outcome,
    POSITIVE_CONTROL, Verdict, VerdictError,
};
