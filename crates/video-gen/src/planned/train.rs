//! Training of the path network on demonstrations.

use burn::module::Module;
use burn::tensor::{Device, Tensor};
use nn_kit::mix_seed;
use pusht_data::Episode;
use pusht_env::State;
use pusht_training::{TrainData, TrainModel, TrainOutput};
use rand::SeedableRng;
use rand_pcg::Pcg64;
use serde::{Deserialize, Serialize};
use training::{FitOptions, Objective, ObjectiveError, Step, TrainConfig, fit, init_seeded};

use super::flow::PathFlow;
use super::net::{PathNet, PathNetConfig};
use super::tracks::{PathTracks, draw};
use super::whitening::Whitening;
use object_latent::{TrainedOn, VideoGenError, episode_states};

/// Items of the validation loss, at most.
const VALIDATION_ITEMS: usize = 2048;
/// Seed of the validation loss.
const VALIDATION_SEED: u64 = 0x9A7;
/// Weight of the steps left in the loss.
const VALUE_WEIGHT: f64 = 0.5;

/// Settings of the path network and its training.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PathTrainSettings {
    /// Settings of the network.
    pub model: PathNetConfig,
    /// Settings of the training loop.
    pub fit: TrainConfig,
}

impl Default for PathTrainSettings {
    /// Settings for a training of about a minute on two cores.
    fn default() -> Self {
        Self {
            model: PathNetConfig::default(),
            fit: TrainConfig {
                epochs: 4,
                steps_per_epoch: Some(500),
                batch_size: 512,
                learning_rate: 2e-3,
                final_learning_rate_fraction: 0.0,
                warmup_steps: 50,
                weight_decay: 0.01,
                clip_norm: Some(1.0),
                ema_decay: Some(0.995),
                ..TrainConfig::default()
            },
        }
    }
}

impl PathTrainSettings {
    /// Checks the settings.
    ///
    /// # Errors
    /// The first invalid setting.
    pub fn check(&self) -> Result<(), VideoGenError> {
        self.model.check()?;
        Ok(self.fit.check()?)
    }

    /// Settings for tests: a small network that trains in a second or two.
    pub fn smoke() -> Self {
        let cpu = Self::default();
        Self {
            model: PathNetConfig {
                width: 64,
                depth: 2,
                value_width: 32,
            },
            fit: TrainConfig {
                epochs: 1,
                steps_per_epoch: Some(60),
                batch_size: 64,
                warmup_steps: 10,
                ema_decay: None,
                ..cpu.fit
            },
        }
    }
}

/// Trains on the training part; the validation part may be empty. Episodes without states are tracked. A batch larger
/// than the data is cut to it. [`FitOptions::identity`] is extended by the settings and the tracks.
impl TrainModel for PathTrainSettings {
    type Model = PathFlow;
    type Error = VideoGenError;

    fn label(&self) -> String {
        "paths of the agent".to_owned()
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
    ) -> Result<TrainOutput<PathFlow>, VideoGenError> {
        self.check()?;
        let episodes = data.train_episodes();
        let tracks = PathTracks::new(states_of(&episodes)?);
        if tracks.len() == 0 {
            return Err(VideoGenError::NoClips {
                episodes: episodes.len(),
            });
        }
        let objective = PathMatching {
            whitening: Whitening::of(&tracks.paths()),
            valid: PathTracks::new(states_of(&data.validation_episodes())?),
            tracks,
        };
        let mut loop_settings = self.fit.clone();
        loop_settings.batch_size = loop_settings.batch_size.min(objective.tracks.len());
        loop_settings.accumulate = loop_settings.accumulate.min(loop_settings.batch_size);
        let identity = format!(
            "{} paths {} {:?} {:?}",
            options.identity,
            serde_json::to_string(&self.model).expect("settings are JSON"),
            objective.whitening,
            objective.valid,
        );
        let autodiff = device.clone().autodiff();
        let net = init_seeded(mix_seed(self.fit.seed, 0), &autodiff, |device| self.model.init(device));
        let fitted = fit(net, &objective, &loop_settings, options.with_identity(&identity))?;
        let trained_on = TrainedOn {
            frames: episodes.iter().map(|e| e.len()).sum(),
            episodes: episodes.iter().map(|e| e.provenance.clone()).collect(),
        };
        let flow = PathFlow::new(self.model.clone(), fitted.last, objective.whitening, trained_on, device);
        Ok(TrainOutput::new(flow, fitted.curve).with_best(fitted.best_epoch, fitted.best_valid))
    }
}

fn states_of(episodes: &[&Episode]) -> Result<Vec<Vec<State>>, VideoGenError> {
    episodes.iter().map(|episode| episode_states(episode)).collect()
}

/// Flow matching over paths, and regression of the steps left.
struct PathMatching {
    tracks: PathTracks,
    valid: PathTracks,
    whitening: Whitening,
}

impl PathMatching {
    fn batch_loss(&self, model: &PathNet, tracks: &PathTracks, items: &[usize], seed: u64) -> Tensor<1> {
        let device = model.devices().remove(0);
        let mut rng = Pcg64::seed_from_u64(seed);
        let batch = draw(tracks, &self.whitening, items, &device, &mut rng);
        let noisy = diffusion_schedulers::noised(batch.data.clone(), batch.noise.clone(), batch.time.clone());
        let target = diffusion_schedulers::velocity(batch.data, batch.noise);
        let flow = (model.velocity(noisy, batch.time, batch.condition) - target)
            .square()
            .mean();
        let value = (model.steps_left(batch.untimed) - batch.left).abs().mean();
        flow + value.mul_scalar(VALUE_WEIGHT)
    }
}

impl Objective<PathNet> for PathMatching {
    fn items(&self) -> usize {
        self.tracks.len()
    }

    fn loss(&self, model: &PathNet, items: &[usize], step: Step) -> Result<Tensor<1>, ObjectiveError> {
        Ok(self.batch_loss(model, &self.tracks, items, step.seed))
    }

    fn validate(&self, model: &PathNet) -> Result<Option<f64>, ObjectiveError> {
        if self.valid.len() == 0 {
            return Ok(None);
        }
        let every = self.valid.len().div_ceil(VALIDATION_ITEMS);
        let items: Vec<usize> = (0..self.valid.len()).step_by(every).collect();
        let loss = self.batch_loss(model, &self.valid, &items, VALIDATION_SEED);
        Ok(Some(f64::from(loss.into_scalar::<f32>())))
    }
}
