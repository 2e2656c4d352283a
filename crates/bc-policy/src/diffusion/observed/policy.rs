//! The trained diffusion policy on observations of the reference environment.

use std::path::Path;

use burn::Tensor;
use burn::module::Module;
use burn::tensor::{Device, TensorData};
use pusht_data::{Episode, FrameRef};
use pusht_env::{Action, Modality, ObsBatch, ObsSpec, Observation, Policy, PolicyError, State};
use training::{ModelFile, init_seeded};

use super::NAME;
use super::config::EncoderConfig;
use super::saved::{Network, STATE, Saved};
use super::seen::Seen;
use crate::diffusion::acting::{ACTION, ActionSampler, BLOCK};
use crate::diffusion::config::DiffusionConfig;
use crate::error::{BcError, failed, network_error, wrong_observation};
use crate::family::{PolicyKind, TrainedPolicy};
use crate::obs_source::{ObsSource, StateEstimator};
use crate::queues::PendingEnv;
use crate::sequence::{Sequence, sequences};

/// Diffusion Policy on the observations of the reference environment: the agent's position with an image or with the
/// corners of the T. Trained on images here, or loaded from a LeRobot folder.
///
/// By default the positions are the simulator's, as in the reference environment; with [`ObsSource::Frames`] they are
/// those that the tracker finds in the images.
#[derive(Clone, Debug)]
pub struct DiffusionPolicy {
    saved: Saved,
    network: Network,
    sampler: ActionSampler,
    estimator: StateEstimator,
}

impl DiffusionPolicy {
    pub(super) fn new(saved: Saved, network: Network, device: &Device) -> Result<Self, BcError> {
        saved.check()?;
        Ok(Self {
            sampler: ActionSampler::new(&saved.diffusion, saved.diffusion.schedule.clip, device)?,
            saved,
            network,
            estimator: StateEstimator::new(ObsSource::State),
        })
    }

    /// Settings of the policy.
    pub fn config(&self) -> &DiffusionConfig {
        &self.saved.diffusion
    }

    /// Settings of the image encoder; `None` for a policy on the corners of the T.
    pub fn image(&self) -> Option<EncoderConfig> {
        self.saved.image
    }

    /// Sets the sampler, its steps and the number of actions per observation from `config`. The other settings belong
    /// to the network and stay.
    ///
    /// # Errors
    /// Invalid settings.
    pub fn with_sampler(mut self, config: &DiffusionConfig) -> Result<Self, BcError> {
        self.sampler.act_by(&mut self.saved.diffusion, config)?;
        Ok(self)
    }

    /// Sets the seed (default 0); it and the environment indices determine all noise.
    pub fn with_seed(mut self, seed: u64) -> Self {
        self.sampler.set_seed(seed);
        self
    }

    /// The condition of each history: for every observation, oldest first, the agent, then the image's features or the
    /// corners.
    fn conditions(&self, histories: &[Vec<Seen<'_>>]) -> Result<Vec<Vec<f32>>, BcError> {
        let n = self.saved.diffusion.n_obs_steps;
        let mut conditions = Vec::with_capacity(histories.len());
        for block in histories.chunks(BLOCK) {
            let features = self.features(block)?;
            let mut features = features.chunks_exact((self.saved.width() - STATE).max(1));
            for history in block {
                let mut condition = Vec::with_capacity(n * self.saved.width());
                for seen in history {
                    match seen {
                        Seen::Picture(_, agent) => {
                            condition.extend(self.saved.state.row(agent));
                            condition.extend(features.next().into_iter().flatten());
                        }
                        Seen::Corners(corners, agent) => {
                            condition.extend(self.saved.state.row(agent));
                            condition.extend(self.saved.environment.row(corners));
                        }
                    }
                }
                conditions.push(condition);
            }
        }
        Ok(conditions)
    }

    /// Features of all images of at most [`BLOCK`] histories, encoded at once.
    fn features(&self, block: &[Vec<Seen<'_>>]) -> Result<Vec<f32>, BcError> {
        let Some(image) = self.saved.image else {
            return Ok(Vec::new());
        };
        let pictures = block.iter().flatten().filter_map(|seen| match seen {
            Seen::Picture(frame, _) => Some((*frame, image.center_offset())),
            Seen::Corners(..) => None,
        });
        let count = BLOCK * self.saved.diffusion.n_obs_steps;
        let pictures = self.saved.pictures(image, pictures, count, &self.sampler.device)?;
        match self.network.encode(pictures) {
            Some(features) => features.try_into_vec_as().map_err(network_error),
            None => Ok(Vec::new()),
        }
    }

    /// A sequence of `horizon` actions for each history, from its oldest observation on.
    pub(super) fn sequences(&self, histories: &[Vec<Seen<'_>>], seeds: &[u64]) -> Result<Vec<Vec<Action>>, BcError> {
        let conditions = self.conditions(histories)?;
        let samples = self.sampler.sample(&self.network.unet, &conditions, seeds)?;
        Ok(samples.iter().map(|sample| self.saved.actions(sample)).collect())
    }

    /// Computes the sequence of `horizon` actions for one history of `n_obs_steps` observations, from the oldest
    /// observation on, with the given noise: `horizon` × 2 initial numbers, and as many for each noise that the sampler
    /// adds.
    ///
    /// # Errors
    /// Observations of another kind or number, or a network that fails.
    pub fn sequence_from(
        &self,
        history: &[Observation],
        mut noise: impl FnMut() -> Vec<f32>,
    ) -> Result<Vec<Action>, PolicyError> {
        let seen: Vec<Seen<'_>> = history.iter().map(|o| self.saved.see(o)).collect::<Result<_, _>>()?;
        if seen.len() != self.saved.diffusion.n_obs_steps {
            return Err(wrong_count(seen.len()));
        }
        let (numbers, device) = (self.saved.diffusion.horizon * ACTION, &self.sampler.device);
        let mut next = || {
            let mut values = noise();
            values.resize(numbers, 0.0);
            let shape = [1, self.saved.diffusion.horizon, ACTION];
            Tensor::<3>::from_data(TensorData::new(values, shape), device)
        };
        let run = || -> Result<Vec<Action>, BcError> {
            let mut conditions = self.conditions(&[seen])?;
            let condition = conditions.pop().unwrap_or_default();
            let width = condition.len();
            let condition = Tensor::from_data(TensorData::new(condition, [1, width]), device);
            let first = next();
            let denoiser = self.sampler.denoiser();
            let sample = denoiser.denoise(&self.network.unet, condition, first, next)?;
            Ok(self
                .saved
                .actions(&sample.try_into_vec_as::<f32>().map_err(network_error)?))
        };
        run().map_err(|error| failed(NAME, error))
    }

    /// The first action that the policy would take at each of these rows, given the states of the episodes.
    pub(super) fn predict_rows_of(
        &self,
        episodes: &[&Episode],
        sequences: &[Sequence],
        refs: &[FrameRef],
    ) -> Result<Vec<Action>, BcError> {
        let n = self.saved.diffusion.n_obs_steps;
        let mut first = Vec::with_capacity(refs.len());
        for (block, refs) in refs.chunks(BLOCK).enumerate() {
            let mut histories = Vec::with_capacity(BLOCK);
            for r in refs {
                let (episode, row) = (r.episode, r.row);
                let missing = BcError::NoSuchRow { episode, row };
                let Some(found) = episodes.get(episode).filter(|e| row < e.len()) else {
                    return Err(missing);
                };
                let see = |k: usize| {
                    let row = (row + 1 + k).saturating_sub(n);
                    self.saved
                        .see_state(&found.frames[row], &sequences[episode].states[row])
                };
                histories.push((0..n).map(see).collect());
            }
            let seeds = self.sampler.row_seeds(BLOCK * block, refs.len());
            let sequences = self.sequences(&histories, &seeds)?;
            first.extend(sequences.iter().map(|actions| actions[n - 1]));
        }
        Ok(first)
    }

    /// The histories of the pending environments, from their observations.
    fn see<'a>(&self, obs: &ObsBatch<'a>, pending: &[PendingEnv]) -> Result<Vec<Vec<Seen<'a>>>, PolicyError> {
        let history = |ask: &PendingEnv| {
            let seen = obs.observations[ask.at].iter().map(|o| self.saved.see(o));
            let seen: Vec<Seen<'_>> = seen.collect::<Result<_, _>>()?;
            if seen.len() != self.saved.diffusion.n_obs_steps {
                return Err(wrong_count(seen.len()));
            }
            Ok(seen)
        };
        pending.iter().map(history).collect()
    }

    /// The histories of the pending environments, from frames alone.
    fn see_frames<'a>(
        &mut self,
        obs: &ObsBatch<'a>,
        pending: &[PendingEnv],
    ) -> Result<Vec<Vec<Seen<'a>>>, PolicyError> {
        let n = self.saved.diffusion.n_obs_steps;
        let states = self.estimator.look(NAME, obs, pending, n)?;
        let history = |(ask, states): (&PendingEnv, &Vec<State>)| {
            let observations: &'a [Observation] = &obs.observations[ask.at];
            let newest = observations.iter().skip(observations.len().saturating_sub(n));
            let see = |(observation, state): (&'a Observation, &State)| match observation {
                Observation::Pixels(frame) => Ok(self.saved.see_state(frame, state)),
                other => Err(wrong_observation(Modality::Pixels, other)),
            };
            newest.zip(states).map(see).collect()
        };
        pending.iter().zip(&states).map(history).collect()
    }

    pub(super) fn load(file: &ModelFile, device: &Device) -> Result<Self, BcError> {
        let saved: Saved = file.config(file.kind())?;
        saved.check()?;
        let network = file.load_into(&init_seeded(0, device, |device| saved.network(device)))?;
        Self::new(saved, network, device)
    }
}

fn wrong_count(found: usize) -> PolicyError {
    failed(NAME, format!("{found} observations; expected its n_obs_steps"))
}

impl Policy for DiffusionPolicy {
    fn name(&self) -> String {
        NAME.into()
    }

    fn needs(&self) -> ObsSpec {
        ObsSpec {
            modality: match self.estimator.source {
                ObsSource::Frames => Modality::Pixels,
                ObsSource::State => self.saved.modality(),
            },
            history: self.saved.diffusion.n_obs_steps,
        }
    }

    fn reset(&mut self, envs: &[usize]) {
        self.sampler.reset(envs);
        self.estimator.forget(envs);
    }

    fn act(&mut self, obs: &ObsBatch<'_>, out: &mut [Action]) -> Result<(), PolicyError> {
        let pending = self.sampler.pending(obs);
        let histories = match self.estimator.source {
            ObsSource::Frames => self.see_frames(obs, &pending)?,
            ObsSource::State => self.see(obs, &pending)?,
        };
        let seeds: Vec<u64> = pending.iter().map(|ask| ask.seed).collect();
        let sequences = self
            .sequences(&histories, &seeds)
            .map_err(|error| failed(NAME, error))?;
        let diffusion = &self.saved.diffusion;
        self.sampler.serve(NAME, diffusion, obs, &pending, sequences, out)
    }
}

impl TrainedPolicy for DiffusionPolicy {
    fn kind(&self) -> PolicyKind {
        PolicyKind::DIFFUSION
    }

    fn parameters(&self) -> usize {
        self.network.num_params()
    }

    fn save(&self, path: &Path) -> Result<(), BcError> {
        Ok(training::save_model(
            path,
            &self.network,
            &self.kind().file_kind(),
            &self.saved,
        )?)
    }

    fn predict_rows(&self, episodes: &[&Episode], refs: &[FrameRef]) -> Result<Vec<Action>, BcError> {
        self.predict_rows_of(episodes, &sequences(episodes)?, refs)
    }

    fn obs_source(&self) -> Option<ObsSource> {
        Some(self.estimator.source)
    }

    fn set_obs_source(&mut self, source: ObsSource) {
        self.estimator.source = source;
    }

    fn boxed(&self) -> Box<dyn TrainedPolicy> {
        Box::new(self.clone())
    }
}
