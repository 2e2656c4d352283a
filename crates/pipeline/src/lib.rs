#![doc = include_str!("../README.md")]

mod arm_names;
mod arms;
mod assemble;
mod clips;
mod config;
mod curves;
mod demonstrations;
mod error;
mod extraction;
mod files;
mod former_names;
mod generators;
mod graph;
mod inverse;
mod labels;
mod machine;
mod pictures;
mod policies;
mod rollouts;
mod run;
mod split;

pub use config::{ClipEnds, Config, NewStartsConfig, OtherGeneratorConfig, PRESETS, VideoChoice, VideoConfig};
pub use error::PipelineError;
pub use pusht_jobs::{JobContext, Selection};
pub use run::{RunOptions, draw_report, run, run_part};
