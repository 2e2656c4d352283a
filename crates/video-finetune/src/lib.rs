#![doc = include_str!("../README.md")]

mod cache;
mod clips;
mod config;
mod cosmos;
mod draws;
mod error;
mod families;
mod family;
mod finish;
mod formats;
mod job;
mod ltx;
mod measures;
mod memory;
mod objective;
mod prepare;
mod run;
mod smaller;
mod source;
mod texts;
mod tiny;

pub use clips::{ClipData, ClipPlace, ClipSplit, FrameSink};
pub use config::FinetuneConfig;
pub use error::FinetuneError;
pub use family::{Family, Format, Preset};
pub use job::{Finetune, Finetuned};
pub use measures::SampleMeasures;
pub use memory::TrainingMemory;
pub use pusht_jobs::JobContext;
pub use source::ClipSource;
pub use tiny::write_tiny_model;
