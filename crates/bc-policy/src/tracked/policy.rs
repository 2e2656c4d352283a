//! The trained policy on tracked states.

use std::path::Path;

use burn::Tensor;
use burn::module::Module;
use burn::tensor::{Device, TensorData};
use pusht_data::{Episode, FrameRef};
use pusht_env::{Action, ObsBatch, ObsSpec, Policy, PolicyError, Pose, State};
use serde::{Deserialize, Serialize};
use training::{ModelFile, init_seeded};

use super::config::TrackedConfig;
use crate::error::{BcError, failed, network_error};
use crate::family::{PolicyKind, TrainedPolicy};
use crate::features::{FEATURES, View};
use crate::mlp::Mlp;
use crate::obs_source::{ObsSource, StateEstimator};
use crate::queues::Queues;
use crate::sections::PolicySection;
use crate::sequence::sequences;

/// Name of the kind.
pub(super) const NAME: &str = "tracked";

/// Batch size of a forward pass. Batches are padded with zeros, so that the bits of an action do not depend on the
/// number of environments in the call.
const BLOCK: usize = 32;

/// Contents of the policy's file besides the weights.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Saved {
    pub(super) tracked: TrackedConfig,
    pub(super) mean: Vec<f32>,
    pub(super) std: Vec<f32>,
    /// px per unit of the output, along the goal's axes.
    pub(super) scale: [f32; 2],
}

impl Saved {
    pub(super) fn network(&self, device: &Device) -> Mlp {
        let TrackedConfig {
            width, layers, horizon, ..
        } = self.tracked;
        let mut widths = vec![FEATURES];
        widths.extend(std::iter::repeat_n(width, layers));
        widths.push(2 * horizon);
        Mlp::new(&widths, device)
    }

    pub(super) fn normalized(&self, features: &[f32; FEATURES]) -> impl Iterator<Item = f32> {
        (0..FEATURES).map(|i| (features[i] - self.mean[i]) / self.std[i])
    }
}

/// A policy on tracked states: a small network that maps the state to the next actions.
#[derive(Clone, Debug)]
pub struct TrackedPolicy {
    saved: Saved,
    network: Mlp,
    device: Device,
    estimator: StateEstimator,
    queues: Queues,
}

impl TrackedPolicy {
    /// Sets the number of actions of a chunk that are taken before the next observation, clamped to 1 to `horizon`.
    pub fn with_n_action_steps(mut self, n_action_steps: usize) -> Self {
        self.saved.tracked.n_action_steps = n_action_steps.clamp(1, self.saved.tracked.horizon);
        self
    }

    /// Predicts a chunk of `horizon` actions for each state with its goal.
    ///
    /// # Errors
    /// A network that fails.
    pub fn chunks(&self, states: &[(State, Pose)]) -> Result<Vec<Vec<Action>>, BcError> {
        let outputs = 2 * self.saved.tracked.horizon;
        let mut chunks = Vec::with_capacity(states.len());
        for block in states.chunks(BLOCK) {
            let mut x = Vec::with_capacity(BLOCK * FEATURES);
            for (state, goal) in block {
                x.extend(self.saved.normalized(&View::new(*goal, false).features(state)));
            }
            x.resize(BLOCK * FEATURES, 0.0);
            let x = Tensor::from_data(TensorData::new(x, [BLOCK, FEATURES]), &self.device);
            let y: Vec<f32> = self.network.forward(x).try_into_vec_as().map_err(network_error)?;
            for ((state, goal), row) in block.iter().zip(y.chunks_exact(outputs)) {
                let view = View::new(*goal, false);
                let action = |pair: &[f32]| {
                    let offset = [0, 1].map(|k| f64::from(pair[k] * self.saved.scale[k]));
                    view.action(state.agent, offset)
                };
                chunks.push(row.chunks_exact(2).map(action).collect());
            }
        }
        Ok(chunks)
    }

    pub(super) fn load(file: &ModelFile, device: &Device) -> Result<Self, BcError> {
        let saved: Saved = file.config(file.kind())?;
        saved.tracked.check()?;
        let numbers = saved.mean.iter().chain(&saved.std).chain(&saved.scale);
        if saved.mean.len() != FEATURES || saved.std.len() != FEATURES || !numbers.clone().all(|x| x.is_finite()) {
            return Err(BcError::Config {
                setting: "normalization in the policy file",
                found: format!("{} means and {} deviations", saved.mean.len(), saved.std.len()),
                expected: "30 of each, all finite",
            });
        }
        let network = file.load_into(&init_seeded(0, device, |device| saved.network(device)))?;
        Ok(Self::new(saved, network, device))
    }

    pub(super) fn new(saved: Saved, network: Mlp, device: &Device) -> Self {
        Self {
            saved,
            network,
            device: device.clone(),
            estimator: StateEstimator::new(ObsSource::Frames),
            queues: Queues::default(),
        }
    }
}

impl Policy for TrackedPolicy {
    fn name(&self) -> String {
        NAME.into()
    }

    fn needs(&self) -> ObsSpec {
        ObsSpec {
            modality: self.estimator.modality(),
            history: 1,
        }
    }

    fn reset(&mut self, envs: &[usize]) {
        self.queues.reset(envs);
        self.estimator.forget(envs);
    }

    fn act(&mut self, obs: &ObsBatch<'_>, out: &mut [Action]) -> Result<(), PolicyError> {
        let pending = self.queues.pending(obs);
        let states = self.estimator.look(NAME, obs, &pending, 1)?.into_iter().flatten();
        let states: Vec<(State, Pose)> = states.zip(pending.iter().map(|ask| obs.goals[ask.at])).collect();
        let chunks = self.chunks(&states).map_err(|error| failed(NAME, error))?;
        let taken = self.saved.tracked.n_action_steps;
        let chunks = chunks.into_iter().map(|chunk| chunk.into_iter().take(taken));
        self.queues.serve(NAME, obs, &pending, chunks, out)
    }
}

impl TrainedPolicy for TrackedPolicy {
    fn kind(&self) -> PolicyKind {
        PolicyKind::TRACKED
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

    /// The first actions of the chunks for these rows.
    fn predict_rows(&self, episodes: &[&Episode], refs: &[FrameRef]) -> Result<Vec<Action>, BcError> {
        let sequences = sequences(episodes)?;
        let mut states = Vec::with_capacity(refs.len());
        for r in refs {
            let (episode, row) = (r.episode, r.row);
            let found = sequences.get(episode).filter(|s| row < s.states.len());
            let found = found.ok_or(BcError::NoSuchRow { episode, row })?;
            states.push((found.states[row], found.goal));
        }
        Ok(self.chunks(&states)?.iter().map(|chunk| chunk[0]).collect())
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
