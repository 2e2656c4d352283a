#![doc = include_str!("../README.md")]

mod cache;
mod clips;
mod config;
mod cosmos;
mod draws;
mod error;
mod ltx;
mod measures;
mod memory;
mod objective;
mod run;
mod texts;
mod tiny;

pub use clips::{ClipData, ClipPlace, ClipSplit, Take};
pub use config::{Family, FinetuneConfig, Format, Preset};
pub use error::FinetuneError;
pub use measures::SampleMeasures;
pub use memory::TrainingMemory;
pub use run::{Finetune, Finetuned, check_finetune, finetune};
pub use tiny::write_tiny_model;
