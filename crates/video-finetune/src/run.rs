//! A fine-tuning from files to files.

use std::path::{Path, PathBuf};

use burn::tensor::{DType, Device, FloatDType};
use diffusion_schedulers::{EdmConfig, FlowScheduler};
use ltx_video::LatentScale;
use nn_kit::settings::Class;
use pusht_env::Frame;
use pusht_jobs::{JobContext, write_bytes};
use serde::Serialize;
use t5_encoder::TextEncoder;
use training::{FitOptions, Fitted, Precision, fit, init_seeded, out_folder};
use video_gen::AdapterRecord;

use crate::cache::{Cache, Clips, Latents, fingerprint};
use crate::clips::{ClipData, ClipPlace, ClipSplit};
use crate::config::{Family, FinetuneConfig, Format};
use crate::cosmos::CosmosTrainee;
use crate::error::FinetuneError;
use crate::ltx::{LtxTrainee, autoencoder_files};
use crate::measures::SampleMeasures;
use crate::memory::{Sizes, TrainingMemory};
use crate::objective::{Trainee, Tuning, measured};
use crate::texts::Prompts;

/// What is trained, on what, where to.
pub struct Finetune<'a> {
    /// Which model.
    pub family: Family,
    /// Its folder or file, as [`ltx_video::Transformer::open`] and [`cosmos_predict::Transformer::open`] read it. A Cosmos model
    /// needs a folder with `vae/`.
    pub model: &'a Path,
    /// A folder with `tokenizer/` and `text_encoder/`, where they are not beside the model.
    pub text: Option<&'a Path>,
    /// Videos.
    pub data: &'a ClipData,
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
    /// Shows every clip and step, before which it is looked at whether to stop.
    pub ctx: &'a mut JobContext,
}

/// What came of it.
#[derive(Clone, Debug, Serialize)]
pub struct Finetuned {
    /// The adapters, or the transformer's weights.
    pub file: PathBuf,
    /// Training and validation clips.
    pub clips: [usize; 2],
    /// The estimate.
    pub memory: TrainingMemory,
    /// The mean loss since the row before, at the end.
    pub train_loss: Option<f64>,
    /// The lowest validation loss.
    pub best_valid: Option<f64>,
    /// What the last samples were worth.
    pub samples: Option<SampleMeasures>,
}

/// What is written as `finetune.json`.
#[derive(Serialize)]
struct Record<'a> {
    model: &'a Path,
    family: Family,
    transformer: &'a str,
    prompts: &'a str,
    latents: &'a str,
    data: &'a Path,
    train_clips: usize,
    valid_clips: usize,
    computed_in: &'static str,
    memory: TrainingMemory,
    config: &'a FinetuneConfig,
}

/// What is known before the transformer is read.
struct Prepared<L> {
    train: Vec<L>,
    valid: Vec<L>,
    shown: Vec<Vec<Frame>>,
    identity: String,
    /// What is written as `finetune.json`.
    record: String,
    memory: TrainingMemory,
}

/// Looks whether these files can be trained with these settings, before videos are made or read.
///
/// # Errors
/// Settings that cannot work, files that are missing or damaged, or that do not fit.
pub fn check_finetune(
    family: Family,
    model: &Path,
    text: Option<&Path>,
    config: &FinetuneConfig,
) -> Result<(), FinetuneError> {
    look(family, model, text, config).map(drop)
}

fn look(family: Family, model: &Path, text: Option<&Path>, config: &FinetuneConfig) -> Result<Sizes, FinetuneError> {
    config.check()?;
    let text = text.unwrap_or(model);
    let sizes = Sizes::open(family, model, text)?;
    sizes.check_clip(config)?;
    config.lora().check()?;
    if let Sizes::Cosmos(transformer, ..) = &sizes {
        let given = config.first_frame > 0.0 || config.last_frame > 0.0;
        if transformer.variant() == cosmos_predict::Variant::Text2World && (given || config.sample_clips > 0) {
            return Err(FinetuneError::setting(
                "the model",
                "a text2world model",
                "a video2world one; or first_frame=0 last_frame=0 sample_clips=0",
            ));
        }
        if given && config.frames < 17 {
            return Err(FinetuneError::setting(
                "frames",
                config.frames,
                "17 or more, as with 9 there is nothing between the first and the last latent frame",
            ));
        }
    }
    match family {
        Family::Ltx => {
            ltx_video::Transformer::check_files(model)?;
            ltx_video::Vae::check_files(model, None)?;
        }
        Family::Cosmos => {
            cosmos_predict::Transformer::check_files(model)?;
            cosmos_predict::Autoencoder::check_files(model)?;
        }
    }
    TextEncoder::check_files(text)?;
    Ok(sizes)
}

/// Trains a published model. A run that was stopped goes on where it was with the same settings, and ends, on the CPU, in
/// the same bits.
///
/// # Errors
/// Settings that cannot work, files that are missing, damaged or do not fit, videos that are too short, more memory than
/// there is, all before anything long; then whatever training meets.
pub fn finetune(job: Finetune<'_>) -> Result<Finetuned, FinetuneError> {
    let sizes = look(job.family, job.model, job.text, job.config)?;
    let text = job.text.unwrap_or(job.model);
    let dtype = format(job.config.format, job.device)?;
    let bytes = |format: Format| match (format, dtype) {
        (Format::Bf16, _) | (Format::Auto, FloatDType::BF16) => 2,
        _ => 4,
    };
    let memory = sizes.check_memory(job.config, job.memory, &bytes)?;
    let split = job.data.split(job.config)?;
    if split.train.len() < job.config.batch_size {
        return Err(FinetuneError::setting(
            "batch_size",
            job.config.batch_size,
            format!("at most {}, the training clips there are", split.train.len()),
        ));
    }
    out_folder(job.out)?;
    let own = job.out.join("cache");
    let cache = Cache::open(job.cache.unwrap_or(&own))?;
    match sizes {
        Sizes::Ltx(sizes) => {
            let width = sizes.transformer.width();
            let prompts = Prompts::open(&cache, text, job.config, dtype, width, job.device)?;
            let vae = &sizes.autoencoder;
            let trainee = LtxTrainee {
                model: job.model.to_path_buf(),
                dtype,
                settings: LtxTrainee::settings(job.config),
                scheduler: scheduler(job.model)?,
                scale: LatentScale {
                    temporal: vae.temporal(),
                    spatial: vae.spatial(),
                },
                frames: job.config.frames,
                prompts,
            };
            ltx(job, trainee, &cache, &split, memory)
        }
        Sizes::Cosmos(transformer, ..) => {
            let width = transformer.width();
            let prompts = Prompts::open(&cache, text, job.config, dtype, width, job.device)?;
            let trainee = CosmosTrainee {
                model: job.model.to_path_buf(),
                dtype,
                prompt: job.config.prompt.clone(),
                levels: levels(job.model)?,
                size: [job.config.height, job.config.width],
                sampling: CosmosTrainee::sampling(job.config),
                variant: transformer.variant(),
                prompts,
            };
            cosmos(job, trainee, &cache, &split, memory)
        }
    }
}

fn ltx(
    mut job: Finetune<'_>,
    trainee: LtxTrainee,
    cache: &Cache,
    split: &ClipSplit,
    memory: TrainingMemory,
) -> Result<Finetuned, FinetuneError> {
    let (config, device) = (job.config, job.device);
    let size = [config.height, config.width];
    let autoencoder = fingerprint(&autoencoder_files(job.model))?;
    let made = format!("ltx 1 {autoencoder} {size:?} {}", number_format(trainee.dtype));
    let open = || Ok(ltx_video::Vae::open(job.model, None, trainee.dtype, device)?);
    let encode = |vae: &ltx_video::Vae, frames: &[Frame]| LtxTrainee::latents(vae, frames, size, device);
    let both = latents(&mut job, cache, split, &made, open, encode)?;
    let transformer = fingerprint(&part(job.model))?;
    let prepared = prepare(
        &job,
        split,
        both,
        &transformer,
        &trainee.prompts.key,
        trainee.dtype,
        memory,
    )?;
    let lora = config.lora();
    let weights = if config.full { FloatDType::F32 } else { trainee.dtype };
    let model = ltx_video::Transformer::open(job.model, weights, device)?;
    let sizes = ltx_video::Config::open(job.model)?;
    let model = match config.full {
        true => model,
        false => {
            let mut failed = None;
            let model = init_seeded(config.seed, device, |device| {
                match model.clone().adapted(&lora, device) {
                    Ok(adapted) => adapted,
                    Err(error) => {
                        failed = Some(error);
                        model
                    }
                }
            });
            match failed {
                Some(error) => return Err(error.into()),
                None => model,
            }
        }
    };
    let (fitted, done) = train(&mut job, trainee, model, prepared)?;
    save(&job, done, &sizes, |path| match config.full {
        true => fitted.last.save(path),
        false => fitted.last.save_adapters(path),
    })
}

fn cosmos(
    mut job: Finetune<'_>,
    trainee: CosmosTrainee,
    cache: &Cache,
    split: &ClipSplit,
    memory: TrainingMemory,
) -> Result<Finetuned, FinetuneError> {
    let (config, device) = (job.config, job.device);
    let size = [config.height, config.width];
    let (dtype, sigma_data) = (trainee.dtype, trainee.levels.sigma_data);
    let autoencoder = fingerprint(&job.model.join("vae"))?;
    let made = format!("cosmos 1 {autoencoder} {size:?} {} {sigma_data}", number_format(dtype));
    let open = || Ok(cosmos_predict::Autoencoder::open(job.model, dtype, device)?);
    let encode = |autoencoder: &cosmos_predict::Autoencoder, frames: &[Frame]| {
        CosmosTrainee::latents(autoencoder, frames, size, sigma_data, device)
    };
    let both = latents(&mut job, cache, split, &made, open, encode)?;
    let transformer = fingerprint(&part(job.model))?;
    let prepared = prepare(&job, split, both, &transformer, &trainee.prompts.key, dtype, memory)?;
    let lora = config.lora();
    let weights = if config.full { FloatDType::F32 } else { dtype };
    let model = cosmos_predict::Transformer::open(job.model, None, weights, device)?;
    let sizes = model.config().clone();
    let model = match config.full {
        true => model,
        false => init_seeded(config.seed, device, |device| {
            model.adapted(lora.rank, lora.alpha, &|layer| lora.covers(layer), device)
        }),
    };
    let (fitted, done) = train(&mut job, trainee, model, prepared)?;
    save(&job, done, &sizes, |path| match config.full {
        true => fitted.last.save(path),
        false => fitted.last.save_adapters(path),
    })
}

/// Latents of the training part and of the held-out part.
fn latents<E>(
    job: &mut Finetune<'_>,
    cache: &Cache,
    split: &ClipSplit,
    made: &str,
    open: impl Fn() -> Result<E, FinetuneError>,
    encode: impl Fn(&E, &[Frame]) -> Result<Latents, FinetuneError>,
) -> Result<Vec<(Vec<Latents>, String)>, FinetuneError> {
    let parts = [&split.train, &split.valid].into_iter();
    parts
        .map(|places| {
            let clips = Clips {
                data: job.data,
                places,
                frames: job.config.frames,
            };
            cache.latents(clips, made, &open, &encode, job.ctx)
        })
        .collect()
}

/// Frames of the clips that samples are shown beside, and the record of the run.
fn prepare<L>(
    job: &Finetune<'_>,
    split: &ClipSplit,
    latents: Vec<(Vec<L>, String)>,
    transformer: &str,
    prompts: &str,
    dtype: FloatDType,
    memory: TrainingMemory,
) -> Result<Prepared<L>, FinetuneError> {
    let from = if split.valid.is_empty() {
        &split.train
    } else {
        &split.valid
    };
    let count = job.config.sample_clips.min(from.len());
    let places: Vec<ClipPlace> = (0..count).map(|i| from[i * from.len() / count]).collect();
    let mut shown = Vec::new();
    job.data.each(&places, job.config.frames, &mut |_, frames| {
        shown.push(frames.to_vec());
        Ok(())
    })?;
    let keys: Vec<&str> = latents.iter().map(|(_, key)| key.as_str()).collect();
    let record = Record {
        model: job.model,
        family: job.family,
        transformer,
        prompts,
        latents: &keys.join(" "),
        data: job.data.path(),
        train_clips: split.train.len(),
        valid_clips: split.valid.len(),
        computed_in: number_format(dtype),
        memory,
        config: job.config,
    };
    let path = job.out.join(AdapterRecord::FILE);
    let record = serde_json::to_string_pretty(&record).map_err(FinetuneError::io("writing", &path))?;
    // Where files lie does not make a run another one.
    let identity = serde_json::json!([transformer, prompts, keys, number_format(dtype), job.config]).to_string();
    let mut parts = latents.into_iter().map(|(latents, _)| latents);
    Ok(Prepared {
        train: parts.next().unwrap_or_default(),
        valid: parts.next().unwrap_or_default(),
        shown,
        identity,
        record,
        memory,
    })
}

fn train<T: Trainee>(
    job: &mut Finetune<'_>,
    trainee: T,
    model: T::Model,
    prepared: Prepared<Latents>,
) -> Result<(Fitted<T::Model>, Finetuned), FinetuneError> {
    let clips = [prepared.train.len(), prepared.valid.len()];
    let tuning = Tuning {
        trainee,
        config: job.config,
        train: prepared.train,
        valid: prepared.valid,
        shown: prepared.shown,
        out: job.out.to_path_buf(),
    };
    let record = job.out.join(AdapterRecord::FILE);
    // That of another run stays until this one is known to go on: `fit` refuses other settings.
    if !record.exists() {
        write_bytes(&record, prepared.record.as_bytes()).map_err(FinetuneError::io("writing", &record))?;
    }
    let mut settings = job.config.fit();
    if job.config.full && format(job.config.format, job.device)? == FloatDType::BF16 {
        settings.precision = Precision::Bf16;
    }
    let options = FitOptions {
        label: match job.family {
            Family::Ltx => "LTX-Video",
            Family::Cosmos => "Cosmos-Predict1",
        },
        identity: &prepared.identity,
        out: Some(job.out),
        ctx: job.ctx,
        replicas: &[],
    };
    let fitted = fit(model, &tuning, &settings, options)?;
    write_bytes(&record, prepared.record.as_bytes()).map_err(FinetuneError::io("writing", &record))?;
    let done = Finetuned {
        file: PathBuf::new(),
        clips,
        memory: prepared.memory,
        train_loss: fitted.curve.rows.iter().rev().find_map(|row| row.train_loss),
        best_valid: fitted.best_valid,
        samples: measured(job.out, job.config.steps),
    };
    Ok((fitted, done))
}

/// Adapters in `adapters.safetensors`, all weights in `transformer/` with their sizes.
fn save(
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

/// The files of the transformer.
fn part(model: &Path) -> PathBuf {
    let folder = model.join("transformer");
    match folder.is_dir() {
        true => folder,
        false if model.is_dir() => model.join("model.pt"),
        false => model.to_path_buf(),
    }
}

/// What is computed in.
fn format(format: Format, device: &Device) -> Result<FloatDType, FinetuneError> {
    let has = device.supports_dtype(DType::BF16);
    match format {
        Format::Bf16 if has => Ok(FloatDType::BF16),
        Format::Bf16 => Err(FinetuneError::setting(
            "format",
            "bf16",
            "f32, as this device has no bf16",
        )),
        // The CPU has it, one operation at a time out of f32.
        Format::Auto if has && *device != Device::flex() => Ok(FloatDType::BF16),
        Format::Auto | Format::F32 => Ok(FloatDType::F32),
    }
}

fn number_format(dtype: FloatDType) -> &'static str {
    match dtype {
        FloatDType::BF16 => "bf16",
        _ => "f32",
    }
}

fn scheduler(model: &Path) -> Result<FlowScheduler, FinetuneError> {
    settings(model)
}

fn levels(model: &Path) -> Result<EdmConfig, FinetuneError> {
    settings(model)
}

/// The schedule of a folder, or the published one.
fn settings<S: Default + serde::de::DeserializeOwned>(model: &Path) -> Result<S, FinetuneError> {
    let path = model.join("scheduler/scheduler_config.json");
    match path.exists() {
        true => nn_kit::settings::read(&path).map_err(FinetuneError::io("reading", &path)),
        false => Ok(S::default()),
    }
}
