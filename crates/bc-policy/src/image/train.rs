//! Training of the policies on images.

use std::path::Path;

use burn::Tensor;
use burn::tensor::{Device, FloatDType, TensorData};
use nn_kit::{Checkpoint, HubFile};
use pusht_data::{ActionNorm, Episode, FrameNorm, FrameRef, Loader, Transform};
use pusht_training::{TrainData, TrainOutput};
use training::{FitOptions, Objective, ObjectiveError, Precision, Step, TrainConfig, init_seeded};

use super::config::{Augmentation, ImageConfig};
use super::frames::{Pixels, check_size};
use super::network::ImageNet;
use super::policy::{ImagePolicy, Saved};
use crate::error::BcError;

/// Batch size in validation.
const VALIDATION: usize = 64;

/// Trains a network; returns the policy of the epoch with the lowest validation error.
pub(super) fn train<N: ImageNet>(
    (image, augmentation): (&ImageConfig, Augmentation),
    config: &TrainConfig,
    data: &TrainData<'_>,
    device: &Device,
    options: FitOptions<'_>,
) -> Result<TrainOutput<ImagePolicy<N>>, BcError> {
    let transforms = augmentation.transforms();
    let episodes = data.episodes();
    let loader = Loader::new(episodes.iter().copied(), &transforms)?;
    check_size(episodes[0].frames[0].dimensions())?;
    let train = FrameRef::augmented(data.train(), transforms.len());
    let mut seen = Vec::new();
    let mut actions = Vec::new();
    for r in data.train() {
        let (episode, row) = (r.episode, r.row);
        let found = episodes.get(episode).filter(|e| row < e.len());
        seen.push(&found.ok_or(BcError::NoSuchRow { episode, row })?.frames[row]);
    }
    for r in &train {
        let action = episodes[r.episode].actions[r.row];
        actions.push(transforms[r.copy].action(action));
    }
    let saved = Saved {
        frames: FrameNorm::fit(seen).ok_or(training::TrainingError::NoItems)?,
        actions: ActionNorm::moments(&actions).ok_or(training::TrainingError::NoItems)?,
        chunk: image.chunk,
        crop: image.crop,
    };
    let mut network: N = init_seeded(config.seed, device, |device| saved.network(device));
    if let Some(path) = &image.init {
        let path = match N::WEIGHTS {
            Some(published) if path == Path::new(ImageConfig::IMAGENET) => published.get(&HubFile::cache())?,
            _ => path.clone(),
        };
        network = Checkpoint::open(&path)?.load_into(&network, &["fc."])?;
    }
    let objective = Regression {
        loader,
        episodes,
        transforms,
        train,
        valid: data.validation(),
        pixels: Pixels::new(&saved.frames, saved.side()),
        saved,
        device: device.clone(),
    };
    let fitted = training::fit(network, &objective, config, options)?;
    let policy = ImagePolicy::new(saved, fitted.best, device);
    Ok(TrainOutput::new(policy, fitted.curve).with_best(fitted.best_epoch, fitted.best_valid))
}

/// Mean squared error of normalized actions; validated on the first one, in px².
struct Regression<'a> {
    loader: Loader<'a>,
    episodes: &'a [&'a Episode],
    transforms: Vec<Transform>,
    train: Vec<FrameRef>,
    valid: &'a [FrameRef],
    pixels: Pixels,
    saved: Saved,
    device: Device,
}

impl Regression<'_> {
    /// The normalized actions from a row on; past the end of the episode its last action is repeated.
    fn targets(&self, refs: &[FrameRef], device: &Device) -> Tensor<2> {
        let chunk = self.saved.chunk;
        let mut y = Vec::with_capacity(2 * chunk * refs.len());
        for r in refs {
            let actions = &self.episodes[r.episode].actions;
            for k in 0..chunk {
                let action = actions[(r.row + k).min(actions.len() - 1)];
                y.extend(self.saved.actions.normalize(self.transforms[r.copy].action(action)));
            }
        }
        Tensor::from_data(TensorData::new(y, [refs.len(), 2 * chunk]), device)
    }
}

impl<N: ImageNet> Objective<N> for Regression<'_> {
    fn items(&self) -> usize {
        self.train.len()
    }

    fn loss(&self, model: &N, items: &[usize], step: Step) -> Result<Tensor<1>, ObjectiveError> {
        let refs: Vec<FrameRef> = items.iter().map(|&item| self.train[item]).collect();
        let batch = self.loader.batch(&refs)?;
        // Each replica of a model has its own device.
        let device = model.devices().remove(0).without_autodiff();
        let x = match self.saved.crop {
            Some(_) => self.pixels.anywhere(&batch.frames, step.seed, &device),
            None => self.pixels.center_crop(&batch.frames, &device),
        };
        let predicted = model.run(training::to_compute_dtype(model, x)).cast(FloatDType::F32);
        Ok((predicted - self.targets(&refs, &device)).square().mean())
    }

    fn precisions(&self) -> &'static [Precision] {
        &[Precision::F32, Precision::Bf16]
    }

    fn describe_validation(&self, value: f64) -> String {
        format!("validation MSE {value:.1} px²")
    }

    fn keeps_best(&self) -> bool {
        true
    }

    fn validate(&self, model: &N) -> Result<Option<f64>, ObjectiveError> {
        let mut sum = 0.0;
        for refs in self.valid.chunks(VALIDATION) {
            let batch = self.loader.batch(refs)?;
            let predicted = model.run(self.pixels.center_crop(&batch.frames, &self.device));
            let first = (predicted - self.targets(refs, &self.device)).narrow(1, 0, 2);
            let errors: Vec<f32> = first.try_into_vec_as()?;
            for (index, error) in errors.into_iter().enumerate() {
                sum += f64::from(error * self.saved.actions.scale[index % 2]).powi(2);
            }
        }
        Ok((!self.valid.is_empty()).then(|| sum / (2 * self.valid.len()) as f64))
    }
}
