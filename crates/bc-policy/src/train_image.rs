//! Training of the policies on pictures.

use std::path::{Path, PathBuf};

use burn::Tensor;
use burn::tensor::{Device, FloatDType, TensorData};
use nn_kit::{Checkpoint, RESNET18_IMAGENET};
use pusht_data::{ActionNorm, Episode, FrameNorm, FrameRef, Loader, Split, Transform};
use training::{FitOptions, Objective, ObjectiveError, Precision, init_seeded};

use crate::frames::{Pixels, check_size};
use crate::image::{ImageNet, Network, Saved};
use crate::train::Trained;
use crate::{Augmentation, BcError, BcPolicy, Cnn, ImagePolicy, PolicyConfig, PolicyKind, ResNet18};

/// Frames of one forward pass when validating.
const VALIDATION: usize = 64;

/// Trains the network of `config.kind`; the policy of the epoch with the lowest validation error is returned.
pub(crate) fn train_image(
    config: &PolicyConfig,
    episodes: &[Episode],
    split: &Split,
    device: &Device,
    options: FitOptions<'_>,
) -> Result<Trained, BcError> {
    if config.kind == PolicyKind::ResNet18 {
        return train_network(config, episodes, split, device, options, |network: ResNet18| {
            Network::ResNet18(Box::new(network))
        });
    }
    train_network(config, episodes, split, device, options, |network: Cnn| {
        Network::Cnn(network)
    })
}

fn train_network<N: ImageNet>(
    config: &PolicyConfig,
    episodes: &[Episode],
    split: &Split,
    device: &Device,
    options: FitOptions<'_>,
    wrap: impl FnOnce(N) -> Network,
) -> Result<Trained, BcError> {
    let transforms = match config.augmentation {
        Augmentation::None => vec![Transform::IDENTITY],
        Augmentation::Dihedral => Transform::dihedral(),
        Augmentation::Fourteen => Transform::fourteen(),
    };
    let loader = Loader::new(episodes, &transforms)?;
    check_size(episodes[0].frames[0].dimensions())?;
    let train = split.augmented_train(transforms.len());
    let mut seen = Vec::new();
    let mut actions = Vec::new();
    for r in &split.train {
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
        chunk: config.image.chunk,
        crop: config.image.crop,
    };
    let mut network: N = init_seeded(config.train.seed, device, |device| N::build(&saved, device));
    if let Some(path) = &config.image.init {
        let path = if path == Path::new("imagenet") {
            RESNET18_IMAGENET.get(&cache())?
        } else {
            path.clone()
        };
        network = Checkpoint::open(&path)?.load_into(&network, &["fc."])?;
    }
    let objective = Regression {
        loader,
        episodes,
        transforms,
        train,
        valid: &split.validation,
        pixels: Pixels::new(&saved.frames, saved.side()),
        saved,
        device: device.clone(),
    };
    let fitted = training::fit(network, &objective, &config.train, options)?;
    Ok(Trained {
        policy: BcPolicy::Image(ImagePolicy::new(saved, wrap(fitted.best), device)),
        curve: fitted.curve,
        best_epoch: fitted.best_epoch,
        best_valid: fitted.best_valid,
    })
}

/// Where published weights are kept: `$PUSHT_CACHE`, or `pusht-start` in the user's cache folder.
fn cache() -> PathBuf {
    let from = |name| {
        std::env::var_os(name)
            .filter(|value| !value.is_empty())
            .map(PathBuf::from)
    };
    let user = || from("XDG_CACHE_HOME").or_else(|| Some(from("HOME")?.join(".cache")));
    from("PUSHT_CACHE")
        .or_else(|| Some(user()?.join("pusht-start")))
        .unwrap_or_else(std::env::temp_dir)
}

/// Mean squared error of normalised actions; validated on the first one, in px².
struct Regression<'a> {
    loader: Loader<'a>,
    episodes: &'a [Episode],
    transforms: Vec<Transform>,
    train: Vec<FrameRef>,
    valid: &'a [FrameRef],
    pixels: Pixels,
    saved: Saved,
    device: Device,
}

impl Regression<'_> {
    /// The actions from a row on, normalised; past the end of the episode its last one is repeated.
    fn targets(&self, refs: &[FrameRef], device: &Device) -> Tensor<2> {
        let chunk = self.saved.chunk;
        let mut y = Vec::with_capacity(2 * chunk * refs.len());
        for r in refs {
            let actions = &self.episodes[r.episode].actions;
            for k in 0..chunk {
                let action = actions[(r.row + k).min(actions.len() - 1)];
                y.extend(self.saved.actions.normalise(self.transforms[r.copy].action(action)));
            }
        }
        Tensor::from_data(TensorData::new(y, [refs.len(), 2 * chunk]), device)
    }
}

impl<N: ImageNet> Objective<N> for Regression<'_> {
    fn items(&self) -> usize {
        self.train.len()
    }

    fn loss(&self, model: &N, items: &[usize], seed: u64) -> Result<Tensor<1>, ObjectiveError> {
        let refs: Vec<FrameRef> = items.iter().map(|&item| self.train[item]).collect();
        let batch = self.loader.batch(&refs)?;
        // Each replica of a model has its own.
        let device = model.devices().remove(0).without_autodiff();
        let x = match self.saved.crop {
            Some(_) => self.pixels.anywhere(&batch.frames, seed, &device),
            None => self.pixels.middle(&batch.frames, &device),
        };
        let predicted = model.run(training::in_precision_of(model, x)).cast(FloatDType::F32);
        Ok((predicted - self.targets(&refs, &device)).square().mean())
    }

    fn precisions(&self) -> &'static [Precision] {
        &[Precision::F32, Precision::Bf16]
    }

    fn validate(&self, model: &N) -> Result<Option<f64>, ObjectiveError> {
        let mut sum = 0.0;
        for refs in self.valid.chunks(VALIDATION) {
            let batch = self.loader.batch(refs)?;
            let predicted = model.run(self.pixels.middle(&batch.frames, &self.device));
            let first = (predicted - self.targets(refs, &self.device)).narrow(1, 0, 2);
            let errors: Vec<f32> = first.try_into_vec_as()?;
            for (index, error) in errors.into_iter().enumerate() {
                sum += f64::from(error * self.saved.actions.scale[index % 2]).powi(2);
            }
        }
        Ok((!self.valid.is_empty()).then(|| sum / (2 * self.valid.len()) as f64))
    }
}
