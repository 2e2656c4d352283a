//! The training loop, and the output files.

use std::path::{Path, PathBuf};

use burn::tensor::FloatDType;
use nn_kit::settings::Class;
use pusht_jobs::{JobContext, write_bytes};
use serde::Serialize;
use training::{FitOptions, FitOutput, Precision, fit};
use video_gen::AdapterRecord;

use crate::cache::Latents;
use crate::error::FinetuneError;
use crate::family::Family;
use crate::formats::format;
use crate::job::{Finetune, Finetuned};
use crate::objective::{Trainee, Tuning, measured};
use crate::prepare::Prepared;

/// Trains on the prepared inputs.
pub(crate) fn train<T: Trainee>(
    job: &Finetune<'_>,
    trainee: T,
    model: T::Model,
    prepared: Prepared<Latents>,
    ctx: &mut JobContext,
) -> Result<(FitOutput<T::Model>, Finetuned), FinetuneError> {
    let (train_clips, valid_clips) = (prepared.train.len(), prepared.valid.len());
    let tuning = Tuning {
        trainee,
        config: job.config,
        train: prepared.train,
        valid: prepared.valid,
        shown: prepared.shown,
        out: job.out.to_path_buf(),
    };
    let record = job.out.join(AdapterRecord::FILE);
    // An existing record is replaced only after `fit` has accepted the settings.
    if !record.exists() {
        write_bytes(&record, prepared.record.as_bytes()).map_err(FinetuneError::io("writing", &record))?;
    }
    let mut settings = job.config.fit();
    if job.config.full && format(job.config.format, job.device)? == FloatDType::BF16 {
        settings.precision = Precision::Bf16;
    }
    let options = FitOptions {
        label: match Family::try_from(job.model)? {
            Family::Ltx => "LTX-Video",
            Family::Cosmos => "Cosmos-Predict1",
        },
        identity: &prepared.identity,
        // The identity has hashes of latents and prompts.
        inputs: "",
        out: Some(job.out),
        ctx,
        replicas: &[],
    };
    let fitted = fit(model, &tuning, &settings, options)?;
    write_bytes(&record, prepared.record.as_bytes()).map_err(FinetuneError::io("writing", &record))?;
    let done = Finetuned {
        file: PathBuf::new(),
        train_clips,
        valid_clips,
        memory: prepared.memory,
        train_loss: fitted.curve.rows.iter().rev().find_map(|row| row.train_loss),
        best_valid: fitted.best_valid,
        samples: measured(job.out, job.config.steps),
    };
    Ok((fitted, done))
}

/// Writes adapters to `adapters.safetensors`, or all weights to `transformer/` with its config.
pub(crate) fn save(
    job: &Finetune<'_>,
    done: Finetuned,
    sizes: &(impl Serialize + Class),
    write: impl FnOnce(&Path) -> std::io::Result<()>,
) -> Result<Finetuned, FinetuneError> {
    let file = if job.config.full {
        let folder = job.out.join("transformer");
        std::fs::create_dir_all(&folder).map_err(FinetuneError::io("creating", &folder))?;
        let path = folder.join("config.json");
        let sizes = sizes.named().map_err(FinetuneError::io("writing", &path))?;
        write_bytes(&path, format!("{sizes:#}\n").as_bytes()).map_err(FinetuneError::io("writing", &path))?;
        folder.join("diffusion_pytorch_model.safetensors")
    } else {
        job.out.join("adapters.safetensors")
    };
    write(&file).map_err(FinetuneError::io("writing", &file))?;
    Ok(Finetuned { file, ..done })
}
