//! What a fine-tuning is asked for, and its result.

use std::path::{Path, PathBuf};

use burn::tensor::Device;
use serde::Serialize;
use video_gen::ModelSpec;

use crate::config::FinetuneConfig;
use crate::measures::SampleMeasures;
use crate::memory::TrainingMemory;

/// What is trained, how, and where to.
#[derive(Clone, Copy)]
pub struct Finetune<'a> {
    /// The model: `ltx:PATH`, or `cosmos:DIR` with `vae/` in it.
    pub model: &'a ModelSpec,
    /// A folder with `tokenizer/` and `text_encoder/`, where they are not beside the model.
    pub text: Option<&'a Path>,
    /// Folder for everything that is written.
    pub out: &'a Path,
    /// Folder for latents and embeddings; `cache` in the other where there is none.
    pub cache: Option<&'a Path>,
    /// How.
    pub config: &'a FinetuneConfig,
    /// On what.
    pub device: &'a Device,
    /// Bytes that may be used, where that is known.
    pub memory: Option<u64>,
}

/// Result of a fine-tuning run.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct Finetuned {
    /// The adapters, or the transformer's weights.
    pub file: PathBuf,
    /// Number of training clips.
    pub train_clips: usize,
    /// Number of validation clips.
    pub valid_clips: usize,
    /// Estimate of the memory that it needs.
    pub memory: TrainingMemory,
    /// The mean loss since the row before, at the end.
    pub train_loss: Option<f64>,
    /// The lowest validation loss.
    pub best_valid: Option<f64>,
    /// Measures of the last samples.
    pub samples: Option<SampleMeasures>,
}
