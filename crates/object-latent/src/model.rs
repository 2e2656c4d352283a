//! The trained object-latent model: generation, saving, loading.

use std::path::Path;

use burn::module::Module;
use burn::tensor::Device;
use diffusion_schedulers::FlowSchedule;
use pusht_data::{Provenance, VideoModel, VideoModelError, VideoRequest};
use pusht_env::{FillRule, Frame, GOAL, Pose, State};
use pusht_vision::Tracker;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use training::{ModelFile, save_model};

use crate::error::VideoGenError;
use crate::net::{ObjectLatent, ObjectLatentConfig, Scales};
use crate::sample::{Sampler, StateRequest};
use crate::source::{Source, Statistics};
use crate::states::{draw, finite, read};

/// The kind in a model file.
const KIND: &str = "video-gen/object-latent/2";

/// Training data of a model.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct TrainedOn {
    /// Number of frames of all training episodes.
    pub frames: usize,
    /// Provenance of the training episodes.
    pub episodes: Vec<Provenance>,
}

/// Contents of a model file besides the weights.
#[derive(Serialize, Deserialize)]
struct Card {
    model: ObjectLatentConfig,
    statistics: Statistics,
    trained_on: TrainedOn,
}

/// A trained object-latent video model.
#[derive(Debug)]
pub struct ObjectLatentModel {
    config: ObjectLatentConfig,
    net: ObjectLatent,
    statistics: Statistics,
    trained_on: TrainedOn,
    goal: Pose,
    rule: FillRule,
    source: Source,
    scales: Scales,
    schedule: FlowSchedule,
    device: Device,
}

impl ObjectLatentModel {
    pub(crate) fn new(
        config: ObjectLatentConfig,
        net: ObjectLatent,
        statistics: Statistics,
        trained_on: TrainedOn,
        device: &Device,
    ) -> Result<Self, VideoGenError> {
        config.check()?;
        let schedule = schedule(&config)?;
        Ok(Self {
            source: Source::new(&statistics),
            scales: Scales::new(statistics.spread(), statistics.step(), device),
            schedule,
            goal: GOAL,
            rule: FillRule::default(),
            device: device.clone(),
            config,
            net,
            statistics,
            trained_on,
        })
    }

    /// Sets the goal that is drawn into clips (default: that of the reference environments). A
    /// [`VideoRequest`] has no goal.
    #[must_use]
    pub fn with_goal(mut self, goal: Pose) -> Self {
        self.goal = goal;
        self
    }

    /// Sets the fill rule of the renderer (default: gym-pusht's; older demonstrations use another).
    #[must_use]
    pub fn with_fill_rule(mut self, rule: FillRule) -> Self {
        self.rule = rule;
        self
    }

    /// Sets the number of Euler steps: fewer are faster and less accurate.
    ///
    /// # Errors
    /// 0 steps.
    pub fn with_sampling_steps(mut self, steps: usize) -> Result<Self, VideoGenError> {
        self.config.sampling_steps = steps;
        self.config.check()?;
        self.schedule = schedule(&self.config)?;
        Ok(self)
    }

    /// Number of parameters.
    pub fn parameters(&self) -> usize {
        self.net.num_params()
    }

    /// The network's settings.
    pub fn config(&self) -> &ObjectLatentConfig {
        &self.config
    }

    /// Maximum clip length, frames.
    pub fn max_frames(&self) -> usize {
        self.config.max_frames
    }

    /// Training data of the model.
    pub fn trained_on(&self) -> &TrainedOn {
        &self.trained_on
    }

    /// Generates clips of states, one per request, in order: [`VideoModel::generate`] without tracking and rendering.
    ///
    /// # Errors
    /// A length that the model does not support, or a state that is not finite.
    pub fn generate_states(&self, requests: &[StateRequest]) -> Result<Vec<Vec<State>>, VideoModelError> {
        for (index, request) in requests.iter().enumerate() {
            self.check(index, request)?;
        }
        let sampler = Sampler {
            source: &self.source,
            spread: self.statistics.spread(),
            scales: &self.scales,
            temperature: self.config.temperature,
            schedule: &self.schedule,
            goal: self.goal,
            max_frames: self.config.max_frames,
        };
        Ok(requests
            .par_iter()
            .map(|request| sampler.run(&self.net, request, &self.device))
            .collect())
    }

    fn check(&self, index: usize, request: &StateRequest) -> Result<(), VideoModelError> {
        let refuse = |reason| Err(VideoModelError::Request { request: index, reason });
        let (longest, found) = (self.config.max_frames, request.frames);
        if !(2..=longest).contains(&found) {
            return refuse(format!(
                "{found} frames were asked for; this model makes 2 to {longest} (its training clips were no longer)"
            ));
        }
        if !finite(&request.start) || request.end.is_some_and(|e| !finite(&e)) {
            return refuse("start and end must be finite numbers of px and rad".to_string());
        }
        Ok(())
    }

    /// Writes weights, settings, statistics and provenance to one file, atomically.
    ///
    /// # Errors
    /// A file that cannot be written.
    pub fn save(&self, path: &Path) -> Result<(), VideoGenError> {
        let card = Card {
            model: self.config.clone(),
            statistics: self.statistics.clone(),
            trained_on: self.trained_on.clone(),
        };
        Ok(save_model(path, &self.net, KIND, &card)?)
    }

    /// Loads a file from [`ObjectLatentModel::save`].
    ///
    /// # Errors
    /// A file that is missing, damaged, inconsistent or of another kind.
    pub fn load(path: &Path, device: &Device) -> Result<Self, VideoGenError> {
        let file = ModelFile::open(path)?;
        let card: Card = file.config(KIND)?;
        card.model.check()?;
        card.statistics
            .check(card.model.max_frames)
            .map_err(|reason| VideoGenError::Statistics {
                path: path.to_path_buf(),
                reason,
            })?;
        let net = file.load_into(&card.model.init(device))?;
        Self::new(card.model, net, card.statistics, card.trained_on, device)
    }
}

fn schedule(config: &ObjectLatentConfig) -> Result<FlowSchedule, VideoGenError> {
    FlowSchedule::new(config.sampling_steps, 1.0).map_err(|error| VideoGenError::Config {
        setting: "sampling_steps",
        found: error.to_string(),
        expected: "at least 1",
    })
}

impl VideoModel for ObjectLatentModel {
    fn name(&self) -> String {
        "object-latent trajectories (not pixels)".to_string()
    }

    /// Generates clips. The prompt is ignored. The first frame, and the last if prescribed, are returned unchanged; the
    /// frames between are rendered.
    fn generate(&self, requests: &[VideoRequest]) -> Result<Vec<Vec<Frame>>, VideoModelError> {
        let failed = |reason: String| VideoModelError::Failed {
            model: self.name(),
            reason,
        };
        let tracker = Tracker::new(self.goal).map_err(|error| failed(error.to_string()))?;
        let in_states = requests
            .par_iter()
            .enumerate()
            .map(|(index, request)| read(&tracker, index, request))
            .collect::<Result<Vec<_>, _>>()?;
        let clips = self.generate_states(&in_states)?;
        requests
            .par_iter()
            .zip(&clips)
            .map(|(request, states)| {
                draw(request, states, self.goal, self.rule).map_err(|error| failed(error.to_string()))
            })
            .collect()
    }
}
