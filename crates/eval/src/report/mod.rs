//! The report of an experiment: its data, and the page drawn from them.

mod fill;
mod model;

pub use model::{
    ActionRow, Arm, ExtractionRow, Fit, LossPoint, Method, ModelTraining, Picture, REPORT_SCHEMA, Report, Role,
    RowKind, RunRecord, SeedResult, Shows, StageTime, Training, TrainingData,
};
