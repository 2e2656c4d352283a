//! A trained object-latent model: generate, save, load.

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

use super::error::VideoGenError;
use super::net::{ObjectLatent, ObjectLatentConfig, Scales};
use super::sample::{Sampler, StateRequest};
use super::source::{Source, Statistics};
use super::states::{draw, finite, read};

/// The kind in a model file.
const KIND: &str = "video-gen/object-latent/2";

/// Where a model comes from.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct TrainedOn {
    /// Frames of all training episodes.
    pub frames: usize,
    /// The training episodes.
    pub episodes: Vec<Provenance>,
}

/// What a model file says besides the weights.
#[derive(Serialize, Deserialize)]
struct Card {
    model: ObjectLatentConfig,
    statistics: Statistics,
    trained_on: TrainedOn,
}

/// A trained object-latent model.
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

    /// Draws another goal into the clips than the one of the reference environments; requests carry none.
    #[must_use]
    pub fn with_goal(mut self, goal: Pose) -> Self {
        self.goal = goal;
        self
    }

    /// Draws with another fill rule than gym-pusht's, that of older demonstrations.
    #[must_use]
    pub fn with_fill_rule(mut self, rule: FillRule) -> Self {
        self.rule = rule;
        self
    }

    /// Another number of Euler steps than the configured one: fewer are faster and less exact.
    ///
    /// # Errors
    /// No steps.
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

    /// Longest clip in frames.
    pub fn max_frames(&self) -> usize {
        self.config.max_frames
    }

    /// What it was trained on.
    pub fn trained_on(&self) -> &TrainedOn {
        &self.trained_on
    }

    /// Clips of states, one a request, in order; [`VideoModel::generate`] without the reading of frames and the
    /// drawing.
    ///
    /// # Errors
    /// A length that the model cannot make, or a state that is not finite.
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

    /// Writes weights, settings, statistics and provenance to one file, beside and renamed.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn save(&self, path: &Path) -> Result<(), VideoGenError> {
        let card = Card {
            model: self.config.clone(),
            statistics: self.statistics.clone(),
            trained_on: self.trained_on.clone(),
        };
        Ok(save_model(path, &self.net, KIND, &card)?)
    }

    /// Reads what [`ObjectLatentModel::save`] wrote.
    ///
    /// # Errors
    /// A file that is missing, damaged, of another kind, or whose numbers do not fit together.
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

    /// The prompt is ignored. The first frame, and the last where it is prescribed, are handed back as they came; the
    /// frames between are drawn anew.
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
