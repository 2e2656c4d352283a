#![doc = include_str!("../README.md")]

mod arm_names;
mod arm_results;
mod exchange;
mod expert;
mod goals;
mod joined;
mod rollout;
mod verdict;
mod verdict_error;

pub use arm_names::{CALIBRATION, MARGIN, NEGATIVE_CONTROL, POSITIVE_CONTROL};
pub use arm_results::{Arm, Fit, LossPoint, Role, SeedResult, Training, TrainingData};
pub use exchange::{CurvePoint, ExchangeRate, Worth};
pub use expert::{ExpertEvaluation, ExpertEvaluationError, ExpertScores};
pub use goals::{
    AlongDemonstration, GOAL_SCHEMA, GoalDistance, GoalEffort, GoalEpisode, GoalError, GoalFrames, GoalPolicy,
    GoalProtocol, GoalRecord, GoalRow, GoalRule, GoalRun, GoalScores, GoalTask, GoalTiming, GoalView, WithoutAgentGoal,
    rollout_to_goals,
};
pub use pusht_jobs::JobContext;
pub use rollout::{
    EpisodeRecord, EpisodeScores, FIRST_START_SEED, FilmError, POSE_ANGLE_DEGREES, POSE_DISTANCE, Protocol,
    RECORD_SCHEMA, RandomTarget, RecordError, RolloutConfig, RolloutError, RolloutPart, RolloutRecord, RolloutScores,
    SOLVED_COVERAGE, StandStill, Summary, UnknownProtocol, UnknownWeakness, Weakened, Weakness, evenly_spaced, film,
    pose_reached, rollout, rollout_labeled, rollout_some,
};
pub use verdict::{ABOVE_FLOOR, Comparison, Generator, GeneratorKind, Outcome, Verdict};
pub use verdict_error::VerdictError;
