//! The report of an experiment: its data, and the page rendered from them.

mod assets;
mod fill;
mod model;
mod page;
mod paper;
mod save;
mod sections;

pub use assets::Assets;
pub use page::render_html;

pub use model::{
    ActionRow, ExperimentReport, ExtractionRow, FitFloor, Method, ModelTraining, NewStartClips, OtherGenerator,
    OtherPolicy, Picture, PictureGroup, REPORT_SCHEMA, RowKind, RunRecord, StageTime,
};
pub use paper::{OurValue, PaperRow};
pub use save::ReportError;
