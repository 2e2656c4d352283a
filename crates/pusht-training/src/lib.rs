//! Common interface to training: settings, data, device, seed and output folder of a training run.
//!
#![doc = include_str!("../README.md")]

mod data;
mod inputs;
mod output;
mod spec;

pub use data::TrainData;
pub use output::TrainOutput;
pub use pusht_jobs::JobContext;
pub use spec::{TrainModel, TrainSpec};
pub use training::{TrainConfig, TrainingError, device, devices};
