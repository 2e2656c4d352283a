//! A complete fine-tuning run.

use std::path::Path;

use burn::tensor::FloatDType;
use ltx_video::LatentScale;
use pusht_jobs::JobContext;
use t5_encoder::TextEncoder;
use training::out_folder;

use crate::cache::Cache;
use crate::clips::ClipData;
use crate::cosmos::CosmosTrainee;
use crate::error::FinetuneError;
use crate::families::{cosmos, ltx};
use crate::family::{Family, Format};
use crate::formats::{format, schedule};
use crate::job::{Finetune, Finetuned};
use crate::ltx::LtxTrainee;
use crate::memory::Sizes;
use crate::prepare::TrainingClips;
use crate::texts::Prompts;

impl Finetune<'_> {
    /// Checks what [`Self::run`] checks before videos are recorded or read.
    ///
    /// # Errors
    /// Invalid settings; missing, damaged or mismatched files.
    pub fn check(&self) -> Result<(), FinetuneError> {
        self.look().map(drop)
    }

    /// Trains a published model on the videos of `data`. A stopped run resumes with the same settings; on the CPU the
    /// result is bitwise the same. `ctx` reports every clip and step, and cancels between them.
    ///
    /// # Errors
    /// Before any long computation: invalid settings; missing, damaged or mismatched files; videos that are too short;
    /// too little memory. Later: errors of training.
    pub fn run(&self, data: &ClipData, ctx: &mut JobContext) -> Result<Finetuned, FinetuneError> {
        let job = self;
        let sizes = job.look()?;
        let (model, text) = (job.model.path(), job.text());
        let dtype = format(job.config.format, job.device)?;
        let bytes = |format: Format| match (format, dtype) {
            (Format::Bf16, _) | (Format::Auto, FloatDType::BF16) => 2,
            _ => 4,
        };
        let memory = sizes.check_memory(job.config, job.memory, &bytes)?;
        let split = data.split(job.config)?;
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
        let clips = TrainingClips {
            job,
            data,
            cache: &cache,
            split: &split,
        };
        match sizes {
            Sizes::Ltx(sizes) => {
                let width = sizes.transformer.width();
                let prompts = Prompts::open(&cache, text, job.config, dtype, width, job.device)?;
                let vae = &sizes.autoencoder;
                let trainee = LtxTrainee {
                    model: model.to_path_buf(),
                    dtype,
                    settings: LtxTrainee::settings(job.config),
                    scheduler: schedule(model)?,
                    scale: LatentScale {
                        temporal: vae.temporal(),
                        spatial: vae.spatial(),
                    },
                    frames: job.config.frames,
                    prompts,
                };
                ltx(&clips, trainee, memory, ctx)
            }
            Sizes::Cosmos(transformer, ..) => {
                let width = transformer.width();
                let prompts = Prompts::open(&cache, text, job.config, dtype, width, job.device)?;
                let trainee = CosmosTrainee {
                    model: model.to_path_buf(),
                    dtype,
                    prompt: job.config.prompt.clone(),
                    levels: schedule(model)?,
                    size: job.config.size(),
                    sampling: CosmosTrainee::sampling(job.config),
                    variant: transformer.variant(),
                    prompts,
                };
                cosmos(&clips, trainee, memory, ctx)
            }
        }
    }

    /// Folder with `tokenizer/` and `text_encoder/`.
    fn text(&self) -> &Path {
        self.text.unwrap_or(self.model.path())
    }

    fn look(&self) -> Result<Sizes, FinetuneError> {
        let family = Family::try_from(self.model)?;
        let (model, text, config) = (self.model.path(), self.text(), self.config);
        config.check()?;
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
}
