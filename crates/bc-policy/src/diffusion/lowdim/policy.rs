//! The trained diffusion policy on states.

use std::path::Path;

use burn::module::Module;
use burn::tensor::Device;
use pusht_data::{Episode, FrameRef};
use pusht_env::{Action, ObsBatch, ObsSpec, Policy, PolicyError, Pose, State};
use serde::{Deserialize, Serialize};
use training::{ModelFile, init_seeded};

use super::NAME;
use super::rows::{Row, rows};
use crate::diffusion::acting::{ACTION, ActionSampler};
use crate::diffusion::config::DiffusionConfig;
use crate::diffusion::norm::MinMax;
use crate::diffusion::unet::Unet;
use crate::error::{BcError, failed, refused};
use crate::family::{PolicyKind, TrainedPolicy};
use crate::features::{FEATURES, View};
use crate::obs_source::{ObsSource, StateEstimator};
use crate::sections::PolicySection;
use crate::sequence::sequences;

/// Contents of the policy's file besides the weights.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Saved {
    pub(super) diffusion: DiffusionConfig,
    pub(super) features: MinMax,
    /// Range of the offsets, px.
    pub(super) offsets: MinMax,
    /// Factor on normalized offsets before noise is added, so that their deviation equals that of the noise.
    pub(super) scale: f32,
}

impl Saved {
    pub(super) fn network(&self, device: &Device) -> Unet {
        let cond = self.diffusion.n_obs_steps * FEATURES;
        Unet::new(&self.diffusion.unet, ACTION, cond, device)
    }

    /// Bound to which clean samples are clipped.
    pub(super) fn clip(&self) -> Option<f64> {
        Some(f64::from(self.scale))
    }

    /// The condition: normalized features of the observations, oldest first.
    pub(super) fn condition<'a>(&self, view: View, states: impl Iterator<Item = &'a State>) -> Vec<f32> {
        let mut condition = Vec::with_capacity(self.diffusion.n_obs_steps * FEATURES);
        for state in states {
            condition.extend(self.features.normalize(&view.features(state)));
        }
        condition
    }
}

/// Diffusion Policy on states: maps the states in the last observations to a sequence of actions.
#[derive(Clone, Debug)]
pub struct DiffusionLowdim {
    saved: Saved,
    network: Unet,
    sampler: ActionSampler,
    estimator: StateEstimator,
}

impl DiffusionLowdim {
    pub(super) fn new(saved: Saved, network: Unet, device: &Device) -> Result<Self, BcError> {
        Ok(Self {
            sampler: ActionSampler::new(&saved.diffusion, saved.clip(), device)?,
            saved,
            network,
            estimator: StateEstimator::new(ObsSource::State),
        })
    }

    /// Settings of the policy.
    pub fn config(&self) -> &DiffusionConfig {
        &self.saved.diffusion
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

    /// Samples a sequence of `horizon` actions for each history of `n_obs_steps` states, from the oldest state on.
    ///
    /// # Errors
    /// Histories of another length, or a network that fails.
    pub fn sequences(&self, histories: &[(Vec<State>, Pose)], seeds: &[u64]) -> Result<Vec<Vec<Action>>, BcError> {
        let mut conditions = Vec::with_capacity(histories.len());
        for (states, goal) in histories {
            if states.len() != self.saved.diffusion.n_obs_steps {
                let expected = "as many as the policy's n_obs_steps";
                return Err(refused("number of states", &states.len(), expected));
            }
            conditions.push(self.saved.condition(View::new(*goal, false), states.iter()));
        }
        let samples = self.sampler.sample(&self.network, &conditions, seeds)?;
        let actions = |(sample, (states, goal)): (Vec<f32>, &(Vec<State>, Pose))| {
            let agent = states[states.len() - 1].agent;
            let action = |pair: &[f32]| {
                let pair: Vec<f32> = pair.iter().map(|x| x / self.saved.scale).collect();
                let mut offset = self.saved.offsets.denormalize(&pair).map(f64::from);
                let offset = [(); 2].map(|()| offset.next().unwrap_or_default());
                View::new(*goal, false).action(agent, offset)
            };
            sample.chunks_exact(ACTION).map(action).collect()
        };
        Ok(samples.into_iter().zip(histories).map(actions).collect())
    }

    /// The first action that the policy would take at each of these rows.
    pub(super) fn first_actions(&self, rows: &[Row<'_>]) -> Result<Vec<Action>, BcError> {
        let n = self.saved.diffusion.n_obs_steps;
        let history = |row: &Row<'_>| (row.states(n).copied().collect(), row.sequence.goal);
        let histories: Vec<(Vec<State>, Pose)> = rows.iter().map(history).collect();
        let actions = self.sequences(&histories, &self.sampler.row_seeds(0, rows.len()))?;
        Ok(actions.iter().map(|actions| actions[n - 1]).collect())
    }

    pub(super) fn load(file: &ModelFile, device: &Device) -> Result<Self, BcError> {
        let saved: Saved = file.config(file.kind())?;
        saved.diffusion.check()?;
        let sound = saved.features.is_sound(FEATURES) && saved.offsets.is_sound(ACTION);
        if !(sound && saved.scale.is_finite() && saved.scale > 0.0) {
            return Err(BcError::Config {
                setting: "normalization in the policy file",
                found: format!("{} and {} ranges", saved.features.min.len(), saved.offsets.min.len()),
                expected: "30 of features and 2 of offsets, all finite and not empty, and a scale above 0",
            });
        }
        let network = file.load_into(&init_seeded(0, device, |device| saved.network(device)))?;
        Self::new(saved, network, device)
    }
}

impl Policy for DiffusionLowdim {
    fn name(&self) -> String {
        NAME.into()
    }

    fn needs(&self) -> ObsSpec {
        ObsSpec {
            modality: self.estimator.modality(),
            history: self.saved.diffusion.n_obs_steps,
        }
    }

    fn reset(&mut self, envs: &[usize]) {
        self.sampler.reset(envs);
        self.estimator.forget(envs);
    }

    fn act(&mut self, obs: &ObsBatch<'_>, out: &mut [Action]) -> Result<(), PolicyError> {
        let diffusion = &self.saved.diffusion;
        let pending = self.sampler.pending(obs);
        let states = self.estimator.look(NAME, obs, &pending, diffusion.n_obs_steps)?;
        let goals = pending.iter().map(|ask| obs.goals[ask.at]);
        let histories: Vec<(Vec<State>, Pose)> = states.into_iter().zip(goals).collect();
        let seeds: Vec<u64> = pending.iter().map(|ask| ask.seed).collect();
        let sequences = self
            .sequences(&histories, &seeds)
            .map_err(|error| failed(NAME, error))?;
        self.sampler.serve(NAME, diffusion, obs, &pending, sequences, out)
    }
}

impl TrainedPolicy for DiffusionLowdim {
    fn kind(&self) -> PolicyKind {
        PolicyKind::DIFFUSION_LOWDIM
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
        self.first_actions(&rows(&sequences(episodes)?, refs, false)?)
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
