//! The experiment: does generated video help a PushT policy?
//!
//! [`Config`] (a preset, a file, single settings) → [`run`] → a folder with one sub-folder a stage, `report.html` and
//! `report.json`. Finished stages are skipped when their inputs have not changed, so a run that was stopped goes on.

mod arms;
mod assemble;
mod config;
mod error;
mod run;
mod stage;
mod stages;

pub use config::{Config, OtherGenerator, PRESETS, VideoChoice, VideoConfig};
pub use error::PipelineError;
pub use run::{RunOptions, draw_report, run};
