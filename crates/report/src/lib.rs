//! Charts, and the report of an experiment: its data, its tables beside the paper's, and the page drawn from them.
//!
//! [`Report`] is `report.json`; [`Report::write`] writes it with `report.html`, one file without scripts that loads nothing.
//! What was measured comes from `eval` ([`eval::Arm`], [`eval::Verdict`]); nothing is computed here but the paper's rows.
//! `docs/evaluation.md` says what stands on the page.

mod clips;
mod experiment;
mod html;
pub mod plot;

pub use clips::write_clips;
pub use experiment::{
    ActionRow, Assets, ExtractionRow, FitFloor, Method, ModelTraining, OtherGenerator, OtherPolicy, OurValue, PaperRow,
    Picture, REPORT_SCHEMA, Report, ReportError, RowKind, RunRecord, Shows, StageTime, render_html,
};
