//! Fine-tuning of the published models on PushT: LoRA or all weights, from videos, demonstrations or the simulator.
//!
//! Text embeddings and latents are made first and kept on the disk, so that text encoder, autoencoder and transformer are in
//! memory one after the other; then the harness of `training` takes over. `docs/finetuning.md` has the details.

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
