//! Preparation before the transformer is loaded: latents, clips for samples, the record of the run.

use std::path::Path;

use burn::tensor::FloatDType;
use pusht_env::Frame;
use pusht_jobs::JobContext;
use serde::Serialize;
use training::TrainConfig;
use video_gen::AdapterRecord;

use crate::cache::{Cache, Clips, Latents};
use crate::clips::{ClipData, ClipPlace, ClipSplit};
use crate::config::FinetuneConfig;
use crate::error::FinetuneError;
use crate::family::Family;
use crate::formats::number_format;
use crate::job::Finetune;
use crate::memory::TrainingMemory;

/// Contents of `finetune.json`.
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

/// Inputs prepared before the transformer is loaded.
pub(crate) struct Prepared<L> {
    pub(crate) train: Vec<L>,
    pub(crate) valid: Vec<L>,
    pub(crate) shown: Vec<Vec<Frame>>,
    pub(crate) identity: String,
    /// Contents of `finetune.json`.
    pub(crate) record: String,
    pub(crate) memory: TrainingMemory,
}

/// Hashes of a run's inputs.
pub(crate) struct Fingerprints<'a> {
    pub(crate) transformer: &'a str,
    pub(crate) prompts: &'a str,
}

/// The clips of a run.
pub(crate) struct TrainingClips<'a> {
    pub(crate) job: &'a Finetune<'a>,
    pub(crate) data: &'a ClipData,
    pub(crate) cache: &'a Cache,
    pub(crate) split: &'a ClipSplit,
}

impl TrainingClips<'_> {
    /// Latents of the training part and of the held-out part.
    pub(crate) fn latents<E>(
        &self,
        made: &str,
        open: impl Fn() -> Result<E, FinetuneError>,
        encode: impl Fn(&E, &[Frame]) -> Result<Latents, FinetuneError>,
        ctx: &mut JobContext,
    ) -> Result<Vec<(Vec<Latents>, String)>, FinetuneError> {
        let parts = [&self.split.train, &self.split.valid].into_iter();
        parts
            .map(|places| {
                let clips = Clips {
                    data: self.data,
                    places,
                    frames: self.job.config.frames,
                };
                self.cache.latents(clips, made, &open, &encode, ctx)
            })
            .collect()
    }

    /// Reads the held-out clips for samples, and creates the record of the run.
    pub(crate) fn prepare<L>(
        &self,
        latents: Vec<(Vec<L>, String)>,
        made_of: Fingerprints<'_>,
        dtype: FloatDType,
        memory: TrainingMemory,
    ) -> Result<Prepared<L>, FinetuneError> {
        let Self { job, data, split, .. } = *self;
        let Fingerprints { transformer, prompts } = made_of;
        let from = if split.valid.is_empty() {
            &split.train
        } else {
            &split.valid
        };
        let count = job.config.sample_clips.min(from.len());
        let places: Vec<ClipPlace> = (0..count).map(|i| from[i * from.len() / count]).collect();
        let mut shown = Vec::new();
        data.each(&places, job.config.frames, &mut |_, frames| {
            shown.push(frames.to_vec());
            Ok(())
        })?;
        let keys: Vec<&str> = latents.iter().map(|(_, key)| key.as_str()).collect();
        let record = Record {
            model: job.model.path(),
            family: Family::try_from(job.model)?,
            transformer,
            prompts,
            latents: &keys.join(" "),
            data: data.path(),
            train_clips: split.train.len(),
            valid_clips: split.valid.len(),
            computed_in: number_format(dtype),
            memory,
            config: job.config,
        };
        let path = job.out.join(AdapterRecord::FILE);
        let record = serde_json::to_string_pretty(&record).map_err(FinetuneError::io("writing", &path))?;
        // Paths are not part of a run's identity.
        let identity = serde_json::json!([transformer, prompts, keys, number_format(dtype), job.config]).to_string();
        let identity = TrainConfig::with_former_keys(&identity);
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
}
