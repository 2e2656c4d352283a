//! The training objective shared by the published models.

use std::path::{Path, PathBuf};

use burn::module::Module;
use burn::tensor::{Device, Tensor};
use nn_kit::mix_seed;
use pusht_data::VideoRequest;
use pusht_env::Frame;
use pusht_jobs::write_bytes;
use training::{Gradients, Objective, ObjectiveError, Precision, Step};
use video_io::png_bytes;

use crate::cache::Latents;
use crate::config::FinetuneConfig;
use crate::draws::Draws;
use crate::error::FinetuneError;
use crate::measures::{SampleMeasures, strip};

/// File of the measures of a step's samples, in their folder.
const MEASURES: &str = "measures.json";
/// First seed of validation.
const VALIDATION: u64 = 0x5EED;

/// Training of one model family: loss, gradients, sampling.
pub(crate) trait Trainee: Sync {
    /// The transformer.
    type Model: Module;
    /// A batch of inputs.
    type Batch;

    /// Builds a batch from clips.
    fn batch(&self, clips: &[&Latents], draws: Draws, device: &Device) -> Result<Self::Batch, FinetuneError>;

    /// Loss of a batch.
    fn loss(&self, model: &Self::Model, batch: Self::Batch) -> Result<Tensor<1>, FinetuneError>;

    /// Loss and gradients with checkpointing, one block in memory at a time.
    fn by_block(&self, model: &Self::Model, batch: Self::Batch) -> Result<Gradients, FinetuneError>;

    /// Samples clips with a model without autodiff.
    fn sample(&self, model: &Self::Model, requests: &[VideoRequest]) -> Result<Vec<Vec<Frame>>, FinetuneError>;
}

/// A family with its data.
pub(crate) struct Tuning<'a, T> {
    pub(crate) trainee: T,
    pub(crate) config: &'a FinetuneConfig,
    pub(crate) train: Vec<Latents>,
    pub(crate) valid: Vec<Latents>,
    /// Held-out clips whose endpoints are used for samples.
    pub(crate) shown: Vec<Vec<Frame>>,
    pub(crate) out: PathBuf,
}

impl<T: Trainee> Tuning<'_, T> {
    fn batch(&self, model: &T::Model, clips: &[&Latents], seed: u64) -> Result<T::Batch, FinetuneError> {
        let draws = Draws::new(self.config, clips.len(), seed);
        // Data is not part of the autodiff graph.
        let device = model
            .devices()
            .into_iter()
            .next()
            .unwrap_or_default()
            .without_autodiff();
        self.trainee.batch(clips, draws, &device)
    }

    fn chosen(&self, items: &[usize]) -> Vec<&Latents> {
        items.iter().map(|item| &self.train[*item]).collect()
    }

    /// Writes samples, their film strips and measures to `validation/step-N/`.
    fn show(&self, model: &T::Model, step: usize) -> Result<SampleMeasures, FinetuneError> {
        let request = |(i, clip): (usize, &Vec<Frame>)| VideoRequest {
            start: clip[0].clone(),
            end: clip.last().cloned(),
            prompt: None,
            frames: clip.len(),
            seed: mix_seed(self.config.seed, i as u64),
        };
        let requests: Vec<VideoRequest> = self.shown.iter().enumerate().map(request).collect();
        let sampled = self.trainee.sample(model, &requests)?;
        let folder = samples_of(&self.out, step);
        std::fs::create_dir_all(&folder).map_err(FinetuneError::io("creating", &folder))?;
        let pairs: Vec<(Vec<Frame>, Vec<Frame>)> = sampled.into_iter().zip(self.shown.iter().cloned()).collect();
        for (i, (sampled, expected)) in pairs.iter().enumerate() {
            let path = folder.join(format!("clip-{i}.png"));
            write(&path, &png_bytes(&strip(sampled, expected)?)?)?;
        }
        let measures = SampleMeasures::of(&pairs)?;
        let text = serde_json::to_string_pretty(&measures).unwrap_or_default();
        write(&folder.join(MEASURES), text.as_bytes())?;
        Ok(measures)
    }
}

/// The folder of the samples of a step.
fn samples_of(out: &Path, step: usize) -> PathBuf {
    out.join(format!("validation/step-{step:06}"))
}

/// Measures of the samples of a step, if there are any, from this run or the one that it resumes.
pub(crate) fn measured(out: &Path, step: usize) -> Option<SampleMeasures> {
    let text = pusht_jobs::read_file(samples_of(out, step).join(MEASURES)).ok()?;
    serde_json::from_slice(&text).ok()
}

fn write(path: &Path, bytes: &[u8]) -> Result<(), FinetuneError> {
    write_bytes(path, bytes).map_err(FinetuneError::io("writing", path))
}

impl<T: Trainee> Objective<T::Model> for Tuning<'_, T> {
    fn items(&self) -> usize {
        self.train.len()
    }

    fn loss(&self, model: &T::Model, items: &[usize], step: Step) -> Result<Tensor<1>, ObjectiveError> {
        let batch = self.batch(model, &self.chosen(items), step.seed)?;
        Ok(self.trainee.loss(model, batch)?)
    }

    fn gradients(&self, model: &T::Model, items: &[usize], step: Step) -> Result<Option<Gradients>, ObjectiveError> {
        if !self.config.checkpointing {
            return Ok(None);
        }
        let batch = self.batch(model, &self.chosen(items), step.seed)?;
        Ok(Some(self.trainee.by_block(model, batch)?))
    }

    fn has_frozen_base(&self) -> bool {
        !self.config.full
    }

    fn precisions(&self) -> &'static [Precision] {
        &[Precision::F32, Precision::Bf16]
    }

    /// Mean loss over the held-out clips, each with its own draws, the same in every validation.
    fn validate(&self, model: &T::Model) -> Result<Option<f64>, ObjectiveError> {
        if self.valid.is_empty() {
            return Ok(None);
        }
        let mut sum = 0.0;
        for (i, clip) in self.valid.iter().enumerate() {
            let batch = self.batch(model, &[clip], mix_seed(VALIDATION, i as u64))?;
            let loss = self.trainee.loss(model, batch)?;
            sum += f64::from(loss.try_into_scalar::<f32>().map_err(|error| error.to_string())?);
        }
        Ok(Some(sum / self.valid.len() as f64))
    }

    fn measure(&self, model: &T::Model, step: usize) -> Result<Vec<(String, f64)>, ObjectiveError> {
        if self.shown.is_empty() {
            return Ok(Vec::new());
        }
        Ok(self.show(model, step)?.named())
    }
}
