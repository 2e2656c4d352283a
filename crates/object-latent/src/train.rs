//! Training of the object-latent model on demonstrations.

use burn::module::Module;
use burn::tensor::{Device, Tensor};
use nn_kit::mix_seed;
use pusht_data::Episode;
use pusht_env::{Pose, State};
use pusht_training::{TrainData, TrainModel, TrainOutput};
use rand::SeedableRng;
use rand_pcg::Pcg64;
use serde::{Deserialize, Serialize};
use training::{FitOptions, Objective, ObjectiveError, Step, TrainConfig, fit, init_seeded};

use crate::clips::{Tracks, draw, loss};
use crate::error::VideoGenError;
use crate::latent::Latent;
use crate::model::{ObjectLatentModel, TrainedOn};
use crate::net::{ObjectLatent, ObjectLatentConfig, Scales};
use crate::source::Source;
use crate::states::episode_states;

/// Number of batches of the validation loss, the same after every epoch.
const VALIDATION_BATCHES: u64 = 4;
/// First seed of the validation batches.
const VALIDATION_SEED: u64 = 0x5EED;

/// Settings of the object-latent model and its training.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TrainSettings {
    /// Settings of the network.
    pub model: ObjectLatentConfig,
    /// Settings of the training loop; an epoch has `steps_per_epoch` updates, or the number of frames divided by the
    /// batch size.
    pub fit: TrainConfig,
}

impl Default for TrainSettings {
    /// Settings for a training of about two minutes on two cores.
    fn default() -> Self {
        Self {
            model: ObjectLatentConfig::new(),
            fit: TrainConfig {
                epochs: 4,
                steps_per_epoch: Some(400),
                batch_size: 64,
                learning_rate: 1e-3,
                final_learning_rate_fraction: 0.0,
                warmup_steps: 50,
                weight_decay: 0.01,
                clip_norm: Some(1.0),
                ..TrainConfig::default()
            },
        }
    }
}

impl TrainSettings {
    /// Checks the settings.
    ///
    /// # Errors
    /// The first invalid setting.
    pub fn check(&self) -> Result<(), VideoGenError> {
        self.model.check()?;
        Ok(self.fit.check()?)
    }

    /// Settings for tests: a small network that trains in seconds and does not give good clips.
    pub fn smoke() -> Self {
        let cpu = Self::default();
        Self {
            model: ObjectLatentConfig::new().with_width(64).with_depth(2),
            fit: TrainConfig {
                epochs: 2,
                steps_per_epoch: Some(50),
                batch_size: 16,
                warmup_steps: 10,
                ..cpu.fit
            },
        }
    }
}

/// Trains the model on the training part; the validation part may be empty. Episodes without states are tracked.
/// [`FitOptions::identity`] is extended by the settings and the tracks.
impl TrainModel for TrainSettings {
    type Model = ObjectLatentModel;
    type Error = VideoGenError;

    fn label(&self) -> String {
        "object-latent video model".to_owned()
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
    ) -> Result<TrainOutput<ObjectLatentModel>, VideoGenError> {
        let (settings, episodes) = (self, data.train_episodes());
        settings.check()?;
        let longest = settings.model.max_frames;
        let tracks = Tracks::new(tracks(&episodes)?, longest);
        if tracks.max_frames() < 2 {
            return Err(VideoGenError::NoClips {
                episodes: episodes.len(),
            });
        }
        let config = settings.model.clone().with_max_frames(tracks.max_frames());
        let valid = Tracks::new(self::tracks(&data.validation_episodes())?, tracks.max_frames());
        let statistics = tracks.statistics();
        let autodiff = device.clone().autodiff();
        let objective = FlowMatching {
            source: Source::new(&statistics),
            spread: statistics.spread(),
            step: statistics.step(),
            batch_size: settings.fit.batch_size,
            tracks,
            valid,
        };
        let identity = format!(
            "{} object-latent {} {:?} {:?}",
            options.identity,
            serde_json::to_string(&config).expect("settings are JSON"),
            statistics,
            objective.valid,
        );
        let net = init_seeded(mix_seed(settings.fit.seed, 0), &autodiff, |device| config.init(device));
        let fitted = fit(net, &objective, &settings.fit, options.with_identity(&identity))?;
        let trained_on = TrainedOn {
            frames: episodes.iter().map(|e| e.len()).sum(),
            episodes: episodes.iter().map(|e| e.provenance.clone()).collect(),
        };
        let model = ObjectLatentModel::new(config, fitted.last, statistics, trained_on, device)?;
        Ok(TrainOutput::new(model, fitted.curve).with_best(fitted.best_epoch, fitted.best_valid))
    }
}

fn tracks(episodes: &[&Episode]) -> Result<Vec<(Vec<State>, Pose)>, VideoGenError> {
    episodes.iter().map(|e| Ok((episode_states(e)?, e.goal))).collect()
}

/// Flow-matching regression of the velocity; see [`super::clips`].
struct FlowMatching {
    tracks: Tracks,
    valid: Tracks,
    source: Source,
    spread: Latent,
    step: Latent,
    batch_size: usize,
}

impl FlowMatching {
    fn batch_loss(&self, model: &ObjectLatent, tracks: &Tracks, clips: usize, seed: u64) -> Tensor<1> {
        let mut rng = Pcg64::seed_from_u64(seed);
        let device = model.devices().remove(0);
        let batch = draw(tracks, &self.source, &self.spread, clips, &device, &mut rng);
        let scales = Scales::new(self.spread, self.step, &device);
        loss(model.clean(batch.clips.clone(), &scales), &batch, &scales)
    }
}

impl Objective<ObjectLatent> for FlowMatching {
    fn items(&self) -> usize {
        self.tracks.frames()
    }

    /// The seed of a step determines its clips; clips are drawn at random, so that only the number of items matters.
    fn loss(&self, model: &ObjectLatent, items: &[usize], step: Step) -> Result<Tensor<1>, ObjectiveError> {
        Ok(self.batch_loss(model, &self.tracks, items.len(), step.seed))
    }

    fn validate(&self, model: &ObjectLatent) -> Result<Option<f64>, ObjectiveError> {
        if self.valid.max_frames() < 2 {
            return Ok(None);
        }
        let mut sum = 0.0;
        for i in 0..VALIDATION_BATCHES {
            let loss = self.batch_loss(model, &self.valid, self.batch_size, mix_seed(VALIDATION_SEED, i));
            sum += f64::from(loss.into_scalar::<f32>());
        }
        Ok(Some(sum / VALIDATION_BATCHES as f64))
    }
}
