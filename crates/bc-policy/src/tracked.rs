//! The policy on tracked states: a small network that maps where agent and T are to the next sixteen actions.
//!
//! Chunks of actions and open-loop execution of their first part are those of Zhao et al. 2023 (ACT) and Chi et al. 2023
//! (Diffusion Policy); the loss is the mean squared error. [`crate::features`] has the input.

use std::collections::{HashMap, VecDeque};

use burn::Tensor;
use burn::tensor::{Device, TensorData};
use pusht_data::{Episode, FrameRef, Split};
use pusht_env::{Action, Modality, ObsBatch, ObsSpec, Observation, Policy, PolicyError, Pose, State};
use serde::{Deserialize, Serialize};
use training::{FitOptions, ModelFile, Objective, ObjectiveError, TrainConfig, init_seeded};

use crate::features::{FEATURES, View};
use crate::train::Trained;
use crate::{BcError, BcPolicy, Fit, Mlp, Sequence, TrackedConfig, recorded_sequences};

/// The kind in the model file.
pub(crate) const KIND: &str = "pusht.policy.tracked.1";

/// Rows of one forward pass. Always as many, the rest zeros, so that the bits of an action do not depend on how many
/// environments ask at once.
const BLOCK: usize = 32;

/// What a [`TrackedPolicy`] looks at when it acts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sees {
    /// The exact state, from the simulator.
    State,
}

/// Everything besides the weights.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Saved {
    tracked: TrackedConfig,
    mean: Vec<f32>,
    std: Vec<f32>,
    /// px that one unit of the output stands for, along the goal's axes.
    scale: [f32; 2],
}

impl Saved {
    fn network(&self, device: &Device) -> Mlp {
        let TrackedConfig {
            width, layers, horizon, ..
        } = self.tracked;
        let mut widths = vec![FEATURES];
        widths.extend(std::iter::repeat_n(width, layers));
        widths.push(2 * horizon);
        Mlp::new(&widths, device)
    }

    fn normalised(&self, features: &[f32; FEATURES]) -> impl Iterator<Item = f32> {
        (0..FEATURES).map(|i| (features[i] - self.mean[i]) / self.std[i])
    }
}

/// See the module.
#[derive(Clone, Debug)]
pub struct TrackedPolicy {
    saved: Saved,
    network: Mlp,
    device: Device,
    sees: Sees,
    queues: HashMap<usize, VecDeque<Action>>,
}

impl TrackedPolicy {
    /// What it looks at from now on.
    pub fn seeing(mut self, sees: Sees) -> Self {
        self.sees = sees;
        self
    }

    /// The chunk of `horizon` actions for each state with its goal.
    ///
    /// # Errors
    /// When the network does not run.
    pub fn chunks(&self, states: &[(State, Pose)]) -> Result<Vec<Vec<Action>>, BcError> {
        let outputs = 2 * self.saved.tracked.horizon;
        let mut chunks = Vec::with_capacity(states.len());
        for block in states.chunks(BLOCK) {
            let mut x = Vec::with_capacity(BLOCK * FEATURES);
            for (state, goal) in block {
                x.extend(self.saved.normalised(&View::new(*goal, false).features(state)));
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

    /// The first actions of the chunks for these rows against their labels.
    ///
    /// # Errors
    /// Rows that are not there, or a network that does not run.
    pub fn fit_sequences(&self, sequences: &[Sequence], refs: &[FrameRef]) -> Result<Option<Fit>, BcError> {
        let mut states = Vec::with_capacity(refs.len());
        let mut labels = Vec::with_capacity(refs.len());
        for r in refs {
            let (episode, row) = (r.episode as usize, r.row as usize);
            let found = sequences.get(episode).filter(|s| row < s.states.len());
            let found = found.ok_or(BcError::NoSuchRow { episode, row })?;
            states.push((found.states[row], found.goal));
            labels.push(found.actions[row]);
        }
        let first: Vec<Action> = self.chunks(&states)?.iter().map(|chunk| chunk[0]).collect();
        Ok(crate::regression_fit(&first, &labels))
    }

    pub(crate) fn fit(&self, episodes: &[Episode], refs: &[FrameRef]) -> Result<Option<Fit>, BcError> {
        let sequences = recorded_sequences(episodes).unwrap_or_default();
        self.fit_sequences(&sequences, refs)
    }

    pub(crate) fn save(&self, path: &std::path::Path) -> Result<(), BcError> {
        Ok(training::save_model(path, &self.network, KIND, &self.saved)?)
    }

    pub(crate) fn load(file: &ModelFile, device: &Device) -> Result<Self, BcError> {
        let saved: Saved = file.config(KIND)?;
        saved.tracked.check()?;
        let numbers = saved.mean.iter().chain(&saved.std).chain(&saved.scale);
        if saved.mean.len() != FEATURES || saved.std.len() != FEATURES || !numbers.clone().all(|x| x.is_finite()) {
            return Err(BcError::Config {
                setting: "normalisation in the policy file",
                found: format!("{} means and {} deviations", saved.mean.len(), saved.std.len()),
                expected: "30 of each, all finite",
            });
        }
        let network = file.load_into(&init_seeded(0, device, |device| saved.network(device)))?;
        Ok(Self::new(saved, network, device))
    }

    fn new(saved: Saved, network: Mlp, device: &Device) -> Self {
        Self {
            saved,
            network,
            device: device.clone(),
            sees: Sees::State,
            queues: HashMap::new(),
        }
    }

    fn modality(&self) -> Modality {
        match self.sees {
            Sees::State => Modality::State,
        }
    }

    fn look(&self, observation: &Observation) -> Result<State, PolicyError> {
        match (self.sees, observation) {
            (Sees::State, Observation::State(row)) => Ok(State::from_row(*row)),
            _ => Err(crate::policy::wrong_observation(self.modality(), observation)),
        }
    }
}

impl Policy for TrackedPolicy {
    fn name(&self) -> String {
        "tracked".into()
    }

    fn needs(&self) -> ObsSpec {
        ObsSpec {
            modality: self.modality(),
            history: 1,
        }
    }

    fn reset(&mut self, envs: &[usize]) {
        for env in envs {
            self.queues.remove(env);
        }
    }

    fn act(&mut self, obs: &ObsBatch<'_>, out: &mut [Action]) -> Result<(), PolicyError> {
        let mut asking = Vec::new();
        let mut states = Vec::new();
        for (at, env) in obs.envs.iter().enumerate() {
            if self.queues.get(env).is_none_or(VecDeque::is_empty) {
                let latest = obs.observations[at]
                    .last()
                    .ok_or_else(|| self.failed("an empty history".into()))?;
                asking.push(*env);
                states.push((self.look(latest)?, obs.goals[at]));
            }
        }
        let chunks = self.chunks(&states).map_err(|error| self.failed(error.to_string()))?;
        for (env, mut chunk) in asking.into_iter().zip(chunks) {
            chunk.truncate(self.saved.tracked.execute);
            self.queues.insert(env, chunk.into());
        }
        for (env, out) in obs.envs.iter().zip(out) {
            let next = self.queues.get_mut(env).and_then(VecDeque::pop_front);
            *out = next.ok_or_else(|| self.failed(format!("environment {env} is twice in one batch")))?;
        }
        Ok(())
    }
}

impl TrackedPolicy {
    fn failed(&self, reason: String) -> PolicyError {
        PolicyError::Failed {
            policy: self.name(),
            reason,
        }
    }
}

pub(crate) fn network_error(error: impl std::fmt::Display) -> BcError {
    BcError::Network {
        reason: error.to_string(),
    }
}

/// Trains on states; `split` refers to the sequences. Every training row counts twice, as it is and mirrored.
///
/// The policy after the last epoch is returned: the validation error of single actions is a poor guide to closed-loop
/// scores.
///
/// # Errors
/// Bad settings, sequences or references, or what [`training::fit`] meets.
pub fn train_tracked(
    tracked: &TrackedConfig,
    config: &TrainConfig,
    sequences: &[Sequence],
    split: &Split,
    device: &Device,
    options: FitOptions<'_>,
) -> Result<Trained, BcError> {
    tracked.check()?;
    for (episode, sequence) in sequences.iter().enumerate() {
        sequence.check(episode)?;
    }
    let horizon = tracked.horizon;
    let (mut x, mut y) = (Features::new(), Targets::new());
    for mirrored in [false, true] {
        let (more_x, more_y) = rows(sequences, &split.train, horizon, mirrored)?;
        x.extend(more_x);
        y.extend(more_y);
    }
    let saved = normalisation(tracked, &x, &y);
    let (valid_x, valid_y) = rows(sequences, &split.validation, horizon, false)?;
    let objective = Chunks {
        train: Table::new(&saved, &x, &y, horizon),
        valid: Table::new(&saved, &valid_x, &valid_y, horizon),
        scale: saved.scale,
        device: device.clone(),
    };
    let network = init_seeded(config.seed, device, |device| saved.network(device));
    let fitted = training::fit(network, &objective, config, options)?;
    Ok(Trained {
        policy: BcPolicy::Tracked(TrackedPolicy::new(saved, fitted.last, device)),
        curve: fitted.curve,
        best_epoch: fitted.best_epoch,
        best_valid: fitted.best_valid,
    })
}

type Features = Vec<[f32; FEATURES]>;
type Targets = Vec<Vec<[f64; 2]>>;

/// Features and chunks of offsets of the rows in `refs`; past the end of an episode its last action is repeated.
fn rows(
    sequences: &[Sequence],
    refs: &[FrameRef],
    horizon: usize,
    mirrored: bool,
) -> Result<(Features, Targets), BcError> {
    let (mut x, mut y) = (Features::new(), Targets::new());
    for r in refs {
        let (episode, row) = (r.episode as usize, r.row as usize);
        let missing = BcError::NoSuchRow { episode, row };
        let sequence = sequences.get(episode).filter(|s| row < s.states.len()).ok_or(missing)?;
        let state = &sequence.states[row];
        let view = View::new(sequence.goal, mirrored);
        x.push(view.features(state));
        let last = sequence.actions.len() - 1;
        let offset = |k: usize| view.offset(state.agent, sequence.actions[(row + k).min(last)]);
        y.push((0..horizon).map(offset).collect());
    }
    Ok((x, y))
}

/// Mean and deviation of every feature, and of the offsets (along each axis, over all steps of the chunk).
fn normalisation(tracked: &TrackedConfig, x: &[[f32; FEATURES]], y: &[Vec<[f64; 2]>]) -> Saved {
    let moments = |values: &mut dyn Iterator<Item = f64>| {
        let (mut n, mut sum, mut squares) = (0.0_f64, 0.0, 0.0);
        for value in values {
            n += 1.0;
            sum += value;
            squares += value * value;
        }
        let mean = sum / n.max(1.0);
        (mean, (squares / n.max(1.0) - mean * mean).max(0.0).sqrt())
    };
    let feature = |i: usize| moments(&mut x.iter().map(|row| f64::from(row[i])));
    let offset = |k: usize| moments(&mut y.iter().flatten().map(|pair| pair[k]));
    Saved {
        tracked: tracked.clone(),
        mean: (0..FEATURES).map(|i| feature(i).0 as f32).collect(),
        // A feature or an action that never changes is left at its own scale.
        std: (0..FEATURES).map(|i| feature(i).1.max(1e-3) as f32).collect(),
        scale: [0, 1].map(|k| offset(k).1.max(1.0) as f32),
    }
}

/// Normalised rows, ready to be cut into batches.
struct Table {
    x: Vec<f32>,
    y: Vec<f32>,
    outputs: usize,
}

impl Table {
    fn new(saved: &Saved, x: &[[f32; FEATURES]], y: &[Vec<[f64; 2]>], horizon: usize) -> Self {
        Self {
            x: x.iter().flat_map(|row| saved.normalised(row)).collect::<Vec<f32>>(),
            y: y.iter()
                .flatten()
                .flat_map(|pair| [0, 1].map(|k| pair[k] as f32 / saved.scale[k]))
                .collect(),
            outputs: 2 * horizon,
        }
    }

    fn len(&self) -> usize {
        self.x.len() / FEATURES
    }

    fn batch(&self, items: &[usize], device: &Device) -> (Tensor<2>, Tensor<2>) {
        let gather = |values: &[f32], width: usize| {
            let mut rows = Vec::with_capacity(items.len() * width);
            for item in items {
                rows.extend_from_slice(&values[item * width..(item + 1) * width]);
            }
            Tensor::from_data(TensorData::new(rows, [items.len(), width]), device)
        };
        (gather(&self.x, FEATURES), gather(&self.y, self.outputs))
    }
}

/// Mean squared error of normalised chunks; validated on the first action, in px².
struct Chunks {
    train: Table,
    valid: Table,
    scale: [f32; 2],
    device: Device,
}

impl Objective<Mlp> for Chunks {
    fn items(&self) -> usize {
        self.train.len()
    }

    fn loss(&self, model: &Mlp, items: &[usize], _seed: u64) -> Result<Tensor<1>, ObjectiveError> {
        let (x, y) = self.train.batch(items, &self.device);
        Ok((model.forward(x) - y).square().mean())
    }

    fn validate(&self, model: &Mlp) -> Result<Option<f64>, ObjectiveError> {
        let items: Vec<usize> = (0..self.valid.len()).collect();
        let mut sum = 0.0;
        for items in items.chunks(1024) {
            let (x, y) = self.valid.batch(items, &self.device);
            let errors = (model.forward(x) - y).narrow(1, 0, 2);
            for (index, error) in errors.try_into_vec_as::<f32>()?.into_iter().enumerate() {
                sum += f64::from(error * self.scale[index % 2]).powi(2);
            }
        }
        Ok((!items.is_empty()).then(|| sum / (2 * items.len()) as f64))
    }
}
