//! A fine-tuning run and its result.

use std::path::{Path, PathBuf};

use burn::tensor::Device;
use serde::Serialize;
use video_gen::ModelSpec;

use crate::config::FinetuneConfig;
use crate::measures::SampleMeasures;
use crate::memory::TrainingMemory;

/// A fine-tuning run: model, settings and output folder.
#[derive(Clone, Copy)]
pub struct Finetune<'a> {
    /// The model: `ltx:PATH`, or `cosmos:DIR` with `vae/` in it.
    pub model: &'a ModelSpec,
    /// Folder with `tokenizer/` and `text_encoder/`; `None`: the model's folder.
    pub text: Option<&'a Path>,
    /// Folder for all output.
    pub out: &'a Path,
    /// Folder for latents and embeddings; `None`: `cache` in `out`.
    pub cache: Option<&'a Path>,
    /// Settings.
    pub config: &'a FinetuneConfig,
    /// Device for training.
    pub device: &'a Device,
    /// Memory limit in bytes, if known.
    pub memory: Option<u64>,
}

/// Result of a fine-tuning run.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct Finetuned {
    /// File of the adapters, or of the transformer's weights.
    pub file: PathBuf,
    /// Number of training clips.
    pub train_clips: usize,
    /// Number of validation clips.
    pub valid_clips: usize,
    /// Estimated memory.
    pub memory: TrainingMemory,
    /// Training loss of the last row of the curve: the mean since the previous row.
    pub train_loss: Option<f64>,
    /// Lowest validation loss.
    pub best_valid: Option<f64>,
    /// Measures of the last samples.
    pub samples: Option<SampleMeasures>,
}
