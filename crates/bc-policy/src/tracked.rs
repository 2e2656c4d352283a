//! The policy on tracked states: a small network that maps where agent and T are to the next sixteen actions.
//!
//! Chunks of actions and open-loop execution of their first part are those of Zhao et al. 2023 (ACT) and Chi et al. 2023
//! (Diffusion Policy); the loss is the mean squared error. [`crate::features`] has the input.

use burn::Tensor;
use burn::module::Module;
use burn::tensor::{Device, TensorData};
use pusht_data::{FrameRef, Split};
use pusht_env::{Action, ObsBatch, ObsSpec, Policy, PolicyError, Pose, State};
use rand::SeedableRng;
use rand_pcg::Pcg64;
use serde::{Deserialize, Serialize};
use training::{FitOptions, ModelFile, Objective, ObjectiveError, TrainConfig, init_seeded};

use crate::eyes::{Sees, Sight};
use crate::features::{FEATURES, View};
use crate::queues::Queues;
use crate::train::Trained;
use crate::{BcError, BcPolicy, Mlp, Sequence, TrackedConfig};

/// The kind in the model file.
pub(crate) const KIND: &str = "pusht.policy.tracked.1";

/// Its name.
const NAME: &str = "tracked";

/// Rows of one forward pass. Always as many, the rest zeros, so that the bits of an action do not depend on how many
/// environments ask at once.
const BLOCK: usize = 32;

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
    sight: Sight,
    queues: Queues,
}

impl TrackedPolicy {
    pub(crate) fn parameters(&self) -> usize {
        self.network.num_params()
    }

    /// What it looks at from now on.
    pub fn seeing(mut self, sees: Sees) -> Self {
        self.sight.sees = sees;
        self
    }

    /// How many actions of a chunk it takes from now on before it looks again, 1 to its horizon (clamped).
    pub fn executing(mut self, execute: usize) -> Self {
        self.saved.tracked.execute = execute.clamp(1, self.saved.tracked.horizon);
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

    /// The first actions of the chunks for these rows.
    ///
    /// # Errors
    /// Rows that are not there, or a network that does not run.
    pub fn predict_sequences(&self, sequences: &[Sequence], refs: &[FrameRef]) -> Result<Vec<Action>, BcError> {
        let mut states = Vec::with_capacity(refs.len());
        for r in refs {
            let (episode, row) = (r.episode, r.row);
            let found = sequences.get(episode).filter(|s| row < s.states.len());
            let found = found.ok_or(BcError::NoSuchRow { episode, row })?;
            states.push((found.states[row], found.goal));
        }
        Ok(self.chunks(&states)?.iter().map(|chunk| chunk[0]).collect())
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
            sight: Sight::new(Sees::Frames),
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
            modality: self.sight.modality(),
            history: 1,
        }
    }

    fn reset(&mut self, envs: &[usize]) {
        self.queues.reset(envs);
        self.sight.forget(envs);
    }

    fn act(&mut self, obs: &ObsBatch<'_>, out: &mut [Action]) -> Result<(), PolicyError> {
        let asking = self.queues.asking(obs);
        let states = self.sight.look(NAME, obs, &asking, 1)?.into_iter().flatten();
        let states: Vec<(State, Pose)> = states.zip(asking.iter().map(|ask| obs.goals[ask.at])).collect();
        let chunks = self.chunks(&states).map_err(|error| PolicyError::Failed {
            policy: NAME.into(),
            reason: error.to_string(),
        })?;
        let taken = self.saved.tracked.execute;
        let chunks = chunks.into_iter().map(|chunk| chunk.into_iter().take(taken));
        self.queues.serve(NAME, obs, &asking, chunks, out)
    }
}

pub(crate) fn network_error(error: impl std::fmt::Display) -> BcError {
    BcError::Network {
        reason: error.to_string(),
    }
}

/// Trains on states; `split` refers to the sequences. Every training row counts twice, as it is and mirrored.
///
/// The policy after the last epoch is returned, so that every run gets the same number of updates; the curve has the
/// validation error of the first action.
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
    let plain = rows(sequences, &split.train, false)?;
    let train: Vec<Row> = plain.chain(rows(sequences, &split.train, true)?).collect();
    let saved = normalisation(tracked, &train);
    let objective = Chunks {
        train,
        valid: rows(sequences, &split.validation, false)?.collect(),
        saved: saved.clone(),
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

/// One row to learn from: the state, how to look at it, and the actions from there to the end of its episode.
#[derive(Clone, Copy)]
struct Row<'a> {
    state: State,
    view: View,
    actions: &'a [Action],
}

impl Row<'_> {
    /// Offsets of the next actions from the agent; past the end of the episode its last action is repeated.
    fn offsets(&self, agent: [f64; 2], horizon: usize) -> impl Iterator<Item = [f64; 2]> {
        let last = self.actions.len() - 1;
        (0..horizon).map(move |k| self.view.offset(agent, self.actions[k.min(last)]))
    }
}

/// The rows that `refs` name.
fn rows<'a>(
    sequences: &'a [Sequence],
    refs: &[FrameRef],
    mirrored: bool,
) -> Result<impl Iterator<Item = Row<'a>> + use<'a>, BcError> {
    let row = |r: &FrameRef| {
        let (episode, row) = (r.episode, r.row);
        let found = sequences.get(episode).filter(|s| row < s.states.len());
        let sequence = found.ok_or(BcError::NoSuchRow { episode, row })?;
        Ok(Row {
            state: sequence.states[row],
            view: View::new(sequence.goal, mirrored),
            actions: &sequence.actions[row..],
        })
    };
    let rows: Vec<Row<'a>> = refs.iter().map(row).collect::<Result<_, BcError>>()?;
    Ok(rows.into_iter())
}

/// Mean and deviation of every feature, and of the offsets (along each axis, over all steps of the chunk).
fn normalisation(tracked: &TrackedConfig, rows: &[Row<'_>]) -> Saved {
    let mut features = [Moments::default(); FEATURES];
    let mut offsets = [Moments::default(); 2];
    for row in rows {
        for (moments, value) in features.iter_mut().zip(row.view.features(&row.state)) {
            moments.add(f64::from(value));
        }
        for offset in row.offsets(row.state.agent, tracked.horizon) {
            for (moments, value) in offsets.iter_mut().zip(offset) {
                moments.add(value);
            }
        }
    }
    Saved {
        tracked: tracked.clone(),
        mean: features.iter().map(|m| m.mean() as f32).collect(),
        // A feature or an action that never changes is left at its own scale.
        std: features.iter().map(|m| m.deviation().max(1e-3) as f32).collect(),
        scale: offsets.map(|m| m.deviation().max(1.0) as f32),
    }
}

#[derive(Clone, Copy, Default)]
struct Moments {
    n: f64,
    sum: f64,
    squares: f64,
}

impl Moments {
    fn add(&mut self, value: f64) {
        self.n += 1.0;
        self.sum += value;
        self.squares += value * value;
    }

    fn mean(&self) -> f64 {
        self.sum / self.n.max(1.0)
    }

    fn deviation(&self) -> f64 {
        (self.squares / self.n.max(1.0) - self.mean().powi(2)).max(0.0).sqrt()
    }
}

/// Mean squared error of normalised chunks; validated on the first action, in px².
struct Chunks<'a> {
    train: Vec<Row<'a>>,
    valid: Vec<Row<'a>>,
    saved: Saved,
}

impl Chunks<'_> {
    /// Features and targets of rows whose states have been moved by `noise` (five numbers a row).
    fn batch<'a>(
        &self,
        rows: impl ExactSizeIterator<Item = &'a Row<'a>>,
        noise: &[f32],
        device: &Device,
    ) -> (Tensor<2>, Tensor<2>) {
        let (count, horizon) = (rows.len(), self.saved.tracked.horizon);
        let mut x = Vec::with_capacity(count * FEATURES);
        let mut y = Vec::with_capacity(count * 2 * horizon);
        for (index, row) in rows.enumerate() {
            let mut state = row.state.to_row();
            for (number, moved) in state.iter_mut().zip(noise.iter().skip(5 * index)) {
                *number += f64::from(*moved);
            }
            let state = State::from_row(state);
            x.extend(self.saved.normalised(&row.view.features(&state)));
            for offset in row.offsets(state.agent, horizon) {
                y.extend([0, 1].map(|k| offset[k] as f32 / self.saved.scale[k]));
            }
        }
        (
            Tensor::from_data(TensorData::new(x, [count, FEATURES]), device),
            Tensor::from_data(TensorData::new(y, [count, 2 * horizon]), device),
        )
    }
}

impl Objective<Mlp> for Chunks<'_> {
    fn items(&self) -> usize {
        self.train.len()
    }

    fn loss(&self, model: &Mlp, items: &[usize], seed: u64) -> Result<Tensor<1>, ObjectiveError> {
        let level = self.saved.tracked.noise;
        let mut noise = Vec::new();
        if level > 0.0 {
            noise = nn_kit::normal(5 * items.len(), &mut Pcg64::seed_from_u64(seed));
            for (index, moved) in noise.iter_mut().enumerate() {
                *moved *= if index % 5 == 4 { level / 100.0 } else { level };
            }
        }
        let (x, y) = self.batch(items.iter().map(|&item| &self.train[item]), &noise, &model.devices()[0]);
        Ok((model.forward(x) - y).square().mean())
    }

    fn validate(&self, model: &Mlp) -> Result<Option<f64>, ObjectiveError> {
        let mut sum = 0.0;
        for rows in self.valid.chunks(1024) {
            let (x, y) = self.batch(rows.iter(), &[], &model.devices()[0]);
            let errors = (model.forward(x) - y).narrow(1, 0, 2);
            for (index, error) in errors.try_into_vec_as::<f32>()?.into_iter().enumerate() {
                sum += f64::from(error * self.saved.scale[index % 2]).powi(2);
            }
        }
        Ok((!self.valid.is_empty()).then(|| sum / (2 * self.valid.len()) as f64))
    }
}
