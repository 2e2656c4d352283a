//! Training of the pixel model on demonstrations.

use burn::tensor::{Device, Tensor};
use nn_kit::mix_seed;
use pusht_data::Episode;
use pusht_env::State;
use pusht_training::{TrainData, TrainModel, TrainOutput};
use rand::{RngExt, SeedableRng};
use rand_pcg::Pcg64;
use serde::{Deserialize, Serialize};
use training::{FitOptions, Objective, ObjectiveError, Step, TrainConfig, fit, init_seeded};

use super::caption::Caption;
use super::clips::Clips;
use super::codec::PatchCodec;
use super::conditioning::{Conditioning, Expectation, Spreads, noise, wide};
use super::config::PixelConfig;
use super::error::PixelError;
use super::model::PixelModel;
use super::net::{NoisyClips, PixelNet};
use crate::object::episode_states;

/// Number of batches of the validation loss, the same after every epoch.
const VALIDATION_BATCHES: u64 = 8;
/// First seed of the validation batches.
const VALIDATION_SEED: u64 = 0x5EED;
/// Number of clips on which the spreads are measured.
const SPREAD_CLIPS: usize = 256;
/// Lower bound of times in the weight of the loss: closer to 0 the remaining error is below one gray value (Li & He
/// 2025).
const LEAST_TIME: f64 = 0.05;

/// Settings of the pixel model and its training.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PixelTrainSettings {
    /// Settings of the model.
    pub model: PixelConfig,
    /// Settings of the training loop; an epoch has `steps_per_epoch` updates, or one pass over the clips.
    pub fit: TrainConfig,
}

impl Default for PixelTrainSettings {
    /// Settings for a GPU.
    fn default() -> Self {
        Self {
            model: PixelConfig::new(),
            fit: TrainConfig {
                epochs: 20,
                steps_per_epoch: Some(500),
                batch_size: 64,
                learning_rate: 1e-3,
                final_learning_rate_fraction: 0.01,
                warmup_steps: 200,
                weight_decay: 0.01,
                clip_norm: Some(1.0),
                ema_decay: Some(0.999),
                ..TrainConfig::default()
            },
        }
    }
}

impl PixelTrainSettings {
    /// Settings for a training of up to an hour on two cores.
    pub fn small() -> Self {
        let gpu = Self::default();
        Self {
            model: PixelConfig::small(),
            fit: TrainConfig {
                epochs: 24,
                steps_per_epoch: Some(150),
                batch_size: 16,
                learning_rate: 2e-3,
                warmup_steps: 50,
                ..gpu.fit
            },
        }
    }
}

impl PixelTrainSettings {
    /// Checks the settings.
    ///
    /// # Errors
    /// The first invalid setting.
    pub fn check(&self) -> Result<(), PixelError> {
        self.model.check()?;
        Ok(self.fit.check()?)
    }
}

/// Trains the model on the training part; the validation part may be empty. Episodes without states are tracked, for
/// the captions.
impl TrainModel for PixelTrainSettings {
    type Model = PixelModel;
    type Error = PixelError;

    fn label(&self) -> String {
        "pixel video model".to_owned()
    }

    fn train_config(&mut self) -> &mut TrainConfig {
        &mut self.fit
    }

    fn model_settings(&self) -> impl Serialize {
        &self.model
    }

    fn train(
        &self,
        data: &TrainData<'_>,
        device: &Device,
        options: FitOptions<'_>,
    ) -> Result<TrainOutput<PixelModel>, PixelError> {
        let (settings, episodes) = (self, data.train_episodes());
        settings.check()?;
        let config = &settings.model;
        let videos: Vec<_> = episodes.iter().map(|e| e.frames.as_slice()).collect();
        let codec = config.codec.fit(&videos, device)?;
        let part = |episodes: &[&Episode]| Part::new(config, &codec, episodes, device);
        let (train, valid) = (part(&episodes)?, part(&data.validation_episodes())?);
        if train.clips.is_empty() {
            return Err(PixelError::NoClips {
                episodes: episodes.len(),
                frames: config.frames(),
            });
        }
        let spreads = train.spreads();
        let objective = Denoising {
            config: config.clone(),
            train,
            valid,
            spreads,
            batch_size: settings.fit.batch_size,
        };
        let identity = format!(
            "{} pixel {} {spreads:?}",
            options.identity,
            serde_json::to_string(config).expect("settings are JSON"),
        );
        let autodiff = device.clone().autodiff();
        let net = init_seeded(mix_seed(settings.fit.seed, 0), &autodiff, |device| {
            PixelNet::new(config, device).expect("the settings were checked")
        });
        let fitted = fit(net, &objective, &settings.fit, options.with_identity(&identity))?;
        let model = PixelModel::new(config.clone(), codec, fitted.last, spreads, device)?;
        Ok(TrainOutput::new(model, fitted.curve).with_best(fitted.best_epoch, fitted.best_valid))
    }
}

/// The clips of one part of the split, with their captions.
struct Part {
    clips: Clips,
    captions: Vec<Caption>,
}

impl Part {
    fn new(
        config: &PixelConfig,
        codec: &PatchCodec,
        episodes: &[&Episode],
        device: &Device,
    ) -> Result<Self, PixelError> {
        let long: Vec<&&Episode> = episodes.iter().filter(|e| e.len() >= config.frames()).collect();
        let frames: Vec<_> = long.iter().map(|e| e.frames.as_slice()).collect();
        let clips = Clips::new(config, codec, &frames, device)?;
        let mut captions = Vec::with_capacity(clips.len());
        for episode in long {
            let states: Vec<State> = episode_states(episode)?;
            let ends = states.windows(config.frames());
            captions.extend(ends.map(|clip| Caption::of_states(&clip[0], &clip[clip.len() - 1])));
        }
        Ok(Self { clips, captions })
    }

    /// Root mean square of x₀ − b over the frames that are not given.
    fn spreads(&self) -> Spreads {
        let step = self.clips.len().div_ceil(SPREAD_CLIPS);
        let items: Vec<usize> = (0..self.clips.len()).step_by(step).collect();
        let clips = self.clips.batch(&items);
        let of = |start, end| {
            let given = vec![Conditioning { start, end }; items.len()];
            let unit = Spreads {
                neither: 1.0,
                one: 1.0,
                both: 1.0,
            };
            let expected = Expectation::new(&clips, &given, &unit);
            let [_, _, channels, height, width] = clips.dims();
            let free = expected.free.clone().sum().into_scalar::<f32>().max(1.0) * (channels * height * width) as f32;
            let error = (clips.clone() - expected.base).square() * wide(expected.free);
            // Clips without motion have no spread.
            (error.sum().into_scalar::<f32>() / free).sqrt().max(1e-3)
        };
        Spreads {
            neither: of(false, false),
            one: of(true, false),
            both: of(true, true),
        }
    }
}

/// The regression of x₀ (see [`super::conditioning`]): times are logistic-normal (Esser et al. 2024, eq. 19), endpoints
/// and captions are given at random, given frames are left out of the loss.
struct Denoising {
    config: PixelConfig,
    train: Part,
    valid: Part,
    spreads: Spreads,
    batch_size: usize,
}

impl Denoising {
    fn batch_loss(&self, model: &PixelNet, part: &Part, items: &[usize], seed: u64) -> Tensor<1> {
        let mut rng = Pcg64::seed_from_u64(seed);
        let config = &self.config;
        let device = burn::module::Module::devices(model).remove(0);
        let clean = Tensor::from_data(part.clips.batch(items).into_data(), &device);
        let mut chance = |p: f64| rng.random::<f64>() < p;
        let given: Vec<Conditioning> = items
            .iter()
            .map(|_| Conditioning {
                start: chance(config.start_probability),
                end: chance(config.end_probability),
            })
            .collect();
        let captions = items
            .iter()
            .map(|&item| chance(config.caption_probability).then(|| part.captions[item]))
            .collect();
        let times: Vec<f64> = nn_kit::normal(items.len(), &mut rng)
            .into_iter()
            .map(|z| 1.0 / (1.0 + f64::from(-z).exp()))
            .collect();
        let noise = noise(clean.dims(), &mut rng, &device);
        let expected = Expectation::new(&clean, &given, &self.spreads);
        let free = wide(expected.free.clone());
        let t: Vec<f32> = times.iter().map(|t| *t as f32).collect();
        let t = Tensor::<1>::from_floats(t.as_slice(), &device)
            .unsqueeze_dim::<2>(1)
            .repeat_dim(1, clean.dims()[1]);
        let clips = NoisyClips {
            latents: clean.clone() + wide(t.clone()) * free.clone() * (noise - clean.clone()),
            times,
            captions,
        };
        let deviation = expected.deviation(t.clamp_min(LEAST_TIME));
        let error = (clean - model.clean(clips, &expected)) / deviation * free.clone();
        let [_, _, channels, height, width] = error.dims();
        error.square().sum() / (free.sum() * (channels * height * width) as f64)
    }
}

impl Objective<PixelNet> for Denoising {
    fn items(&self) -> usize {
        self.train.clips.len()
    }

    fn loss(&self, model: &PixelNet, items: &[usize], step: Step) -> Result<Tensor<1>, ObjectiveError> {
        Ok(self.batch_loss(model, &self.train, items, step.seed))
    }

    fn validate(&self, model: &PixelNet) -> Result<Option<f64>, ObjectiveError> {
        let count = self.valid.clips.len();
        if count == 0 {
            return Ok(None);
        }
        let mut sum = 0.0;
        for i in 0..VALIDATION_BATCHES {
            let mut rng = Pcg64::seed_from_u64(mix_seed(VALIDATION_SEED, i));
            let items: Vec<usize> = (0..self.batch_size).map(|_| rng.random_range(0..count)).collect();
            let loss = self.batch_loss(model, &self.valid, &items, mix_seed(VALIDATION_SEED, i));
            sum += f64::from(loss.into_scalar::<f32>());
        }
        Ok(Some(sum / VALIDATION_BATCHES as f64))
    }
}
