#![doc = include_str!("../README.md")]

mod clips;
mod experiment;
mod html;
pub mod plot;

pub use clips::write_clips;
pub use experiment::{
    ActionRow, Assets, ExperimentReport, ExtractionRow, FitFloor, Method, ModelTraining, NewStartClips, OtherGenerator,
    OtherPolicy, OurValue, PaperRow, Picture, PictureGroup, REPORT_SCHEMA, ReportError, RowKind, RunRecord, StageTime,
    render_html,
};
