#![doc = include_str!("../README.md")]

mod clips;
mod experiment;
mod html;
pub mod plot;

pub use clips::write_clips;
pub use experiment::{
    ActionRow, Assets, ExtractionRow, FitFloor, Method, ModelTraining, OtherGenerator, OtherPolicy, OurValue, PaperRow,
    Picture, REPORT_SCHEMA, Report, ReportError, RowKind, RunRecord, Shows, StageTime, render_html,
};
