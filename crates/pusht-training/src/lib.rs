//! Common interface to training: settings, data, device, seed and folder of a training run.
//!
#![doc = include_str!("../README.md")]

mod data;
mod output;
mod spec;

pub use data::TrainData;
pub use output::TrainOutput;
pub use spec::{TrainModel, TrainSpec};
