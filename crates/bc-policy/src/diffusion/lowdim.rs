//! Diffusion Policy on states: what agent and T did in the last two observations, to a sequence of actions.
//!
//! Input and output are those of the policy on tracked states ([`crate::features`]): numbers in the frame of the goal,
//! actions as offsets from the agent, every demonstration also mirrored.

use burn::Tensor;
use burn::module::Module;
use burn::tensor::{Device, TensorData};
use nn_kit::{mix_seed, normal};
use pusht_data::{FrameRef, Split};
use pusht_env::{Action, ObsBatch, ObsSpec, Policy, PolicyError, Pose, State};
use rand::{RngExt, SeedableRng};
use rand_pcg::Pcg64;
use serde::{Deserialize, Serialize};
use training::{FitOptions, ModelFile, Objective, ObjectiveError, TrainConfig, init_seeded};

use super::acting::{ACTION, Denoiser};
use super::norm::MinMax;
use super::{DiffusionConfig, Unet};
use crate::eyes::{Sees, Sight};
use crate::features::{FEATURES, View};
use crate::queues::Queues;
use crate::train::Trained;
use crate::{BcError, BcPolicy, Sequence};

/// The kind in the model file.
pub(crate) const KIND: &str = "pusht.policy.diffusion-lowdim.1";

/// Its name.
const NAME: &str = "diffusion-lowdim";

/// At most so many validation rows are sampled after an epoch, evenly spread.
const VALIDATION: usize = 256;

/// Everything besides the weights.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Saved {
    diffusion: DiffusionConfig,
    features: MinMax,
    /// px.
    offsets: MinMax,
    /// The noise is added to normalised offsets times this, so that their deviation is that of the noise.
    scale: f32,
}

impl Saved {
    fn network(&self, device: &Device) -> Unet {
        let cond = self.diffusion.n_obs_steps * FEATURES;
        Unet::new(&self.diffusion.unet, ACTION, cond, device)
    }

    fn denoiser(&self) -> Result<Denoiser, BcError> {
        Denoiser::new(&self.diffusion, Some(f64::from(self.scale)))
    }

    /// The condition: normalised features of the observations, oldest first.
    fn condition<'a>(&self, view: View, states: impl Iterator<Item = &'a State>) -> Vec<f32> {
        let mut condition = Vec::with_capacity(self.diffusion.n_obs_steps * FEATURES);
        for state in states {
            condition.extend(self.features.normalise(&view.features(state)));
        }
        condition
    }
}

/// See the module.
#[derive(Clone, Debug)]
pub struct DiffusionLowdim {
    saved: Saved,
    network: Unet,
    denoiser: Denoiser,
    device: Device,
    sight: Sight,
    queues: Queues,
}

impl DiffusionLowdim {
    fn new(saved: Saved, network: Unet, device: &Device) -> Result<Self, BcError> {
        Ok(Self {
            denoiser: saved.denoiser()?,
            saved,
            network,
            device: device.clone(),
            sight: Sight::new(Sees::State),
            queues: Queues::default(),
        })
    }

    pub(crate) fn parameters(&self) -> usize {
        self.network.num_params()
    }

    /// Its settings.
    pub fn config(&self) -> &DiffusionConfig {
        &self.saved.diffusion
    }

    /// Draws actions by these settings from now on: sampler, its steps, and actions taken before looking again. The
    /// others are the network's and stay.
    ///
    /// # Errors
    /// Settings that cannot work.
    pub fn acting_by(mut self, config: &DiffusionConfig) -> Result<Self, BcError> {
        self.saved.diffusion = self.saved.diffusion.with_acting(config)?;
        self.denoiser = self.saved.denoiser()?;
        Ok(self)
    }

    /// What it looks at from now on: the simulator's state unless it is set.
    pub fn seeing(mut self, sees: Sees) -> Self {
        self.sight.sees = sees;
        self
    }

    /// All noise follows from this seed (0 unless it is set) and the environments' numbers.
    pub fn with_seed(mut self, seed: u64) -> Self {
        self.queues.seed = seed;
        self
    }

    /// A sequence of `horizon` actions for each history of `n_obs_steps` states, from the oldest of them on.
    ///
    /// # Errors
    /// Histories of another length, or a network that does not run.
    pub fn sequences(&self, histories: &[(Vec<State>, Pose)], seeds: &[u64]) -> Result<Vec<Vec<Action>>, BcError> {
        let mut conditions = Vec::with_capacity(histories.len());
        for (states, goal) in histories {
            if states.len() != self.saved.diffusion.n_obs_steps {
                return Err(BcError::Config {
                    setting: "number of states",
                    found: states.len().to_string(),
                    expected: "as many as the policy's n_obs_steps",
                });
            }
            conditions.push(self.saved.condition(View::new(*goal, false), states.iter()));
        }
        let samples = self.denoiser.sample(&self.network, &conditions, seeds, &self.device)?;
        let actions = |(sample, (states, goal)): (Vec<f32>, &(Vec<State>, Pose))| {
            let agent = states[states.len() - 1].agent;
            let action = |pair: &[f32]| {
                let pair: Vec<f32> = pair.iter().map(|x| x / self.saved.scale).collect();
                let mut offset = self.saved.offsets.denormalise(&pair).map(f64::from);
                let offset = [(); 2].map(|()| offset.next().unwrap_or_default());
                View::new(*goal, false).action(agent, offset)
            };
            sample.chunks_exact(ACTION).map(action).collect()
        };
        Ok(samples.into_iter().zip(histories).map(actions).collect())
    }

    /// The first action it would take at each of these rows.
    ///
    /// # Errors
    /// Rows that are not there, or a network that does not run.
    pub(crate) fn predict_rows(&self, sequences: &[Sequence], refs: &[FrameRef]) -> Result<Vec<Action>, BcError> {
        self.first_actions(&rows(sequences, refs, false)?)
    }

    fn first_actions(&self, rows: &[Row<'_>]) -> Result<Vec<Action>, BcError> {
        let n = self.saved.diffusion.n_obs_steps;
        let history = |row: &Row<'_>| (row.states(n).copied().collect(), row.sequence.goal);
        let histories: Vec<(Vec<State>, Pose)> = rows.iter().map(history).collect();
        let seeds: Vec<u64> = (0..rows.len()).map(|i| mix_seed(self.queues.seed, i as u64)).collect();
        let actions = self.sequences(&histories, &seeds)?;
        Ok(actions.iter().map(|actions| actions[n - 1]).collect())
    }

    pub(crate) fn save(&self, path: &std::path::Path) -> Result<(), BcError> {
        Ok(training::save_model(path, &self.network, KIND, &self.saved)?)
    }

    pub(crate) fn load(file: &ModelFile, device: &Device) -> Result<Self, BcError> {
        let saved: Saved = file.config(KIND)?;
        saved.diffusion.check()?;
        let sound = saved.features.is_sound(FEATURES) && saved.offsets.is_sound(ACTION);
        if !(sound && saved.scale.is_finite() && saved.scale > 0.0) {
            return Err(BcError::Config {
                setting: "normalisation in the policy file",
                found: format!("{} and {} ranges", saved.features.min.len(), saved.offsets.min.len()),
                expected: "30 of features and 2 of offsets, all finite and not empty, and a scale above 0",
            });
        }
        let network = file.load_into(&init_seeded(0, device, |device| saved.network(device)))?;
        Self::new(saved, network, device)
    }

    fn failed(&self, error: impl std::fmt::Display) -> PolicyError {
        PolicyError::Failed {
            policy: self.name(),
            reason: error.to_string(),
        }
    }
}

impl Policy for DiffusionLowdim {
    fn name(&self) -> String {
        NAME.into()
    }

    fn needs(&self) -> ObsSpec {
        ObsSpec {
            modality: self.sight.modality(),
            history: self.saved.diffusion.n_obs_steps,
        }
    }

    fn reset(&mut self, envs: &[usize]) {
        self.queues.reset(envs);
        self.sight.forget(envs);
    }

    fn act(&mut self, obs: &ObsBatch<'_>, out: &mut [Action]) -> Result<(), PolicyError> {
        let asking = self.queues.asking(obs);
        let states = self
            .sight
            .look(NAME, obs, &asking, self.saved.diffusion.n_obs_steps)?
            .into_iter();
        let histories: Vec<(Vec<State>, Pose)> = states.zip(asking.iter().map(|ask| obs.goals[ask.at])).collect();
        let seeds: Vec<u64> = asking.iter().map(|ask| ask.seed).collect();
        let sequences = self.sequences(&histories, &seeds).map_err(|error| self.failed(error))?;
        let diffusion = &self.saved.diffusion;
        self.queues.serve(
            NAME,
            obs,
            &asking,
            sequences.into_iter().map(|s| diffusion.taken(s)),
            out,
        )
    }
}

/// Trains on states; `split` refers to the sequences. Every training row counts twice, as it is and mirrored. The policy
/// after the last epoch (its moving average) is returned; the curve has the validation error of the first action.
///
/// # Errors
/// Bad settings, sequences or references, or what [`training::fit`] meets.
pub fn train_diffusion_lowdim(
    diffusion: &DiffusionConfig,
    config: &TrainConfig,
    sequences: &[Sequence],
    split: &Split,
    device: &Device,
    options: FitOptions<'_>,
) -> Result<Trained, BcError> {
    diffusion.check()?;
    for (episode, sequence) in sequences.iter().enumerate() {
        sequence.check(episode)?;
    }
    let mut train = rows(sequences, &split.train, false)?;
    train.extend(rows(sequences, &split.train, true)?);
    train.retain(|row| row.at + diffusion.drop_n_last_frames < row.sequence.actions.len());
    if train.is_empty() {
        return Err(training::TrainingError::NoItems.into());
    }
    let mut valid = rows(sequences, &split.validation, false)?;
    let every = valid.len().div_ceil(VALIDATION).max(1);
    valid = valid.into_iter().step_by(every).collect();
    let saved = normalisation(diffusion, &train);
    let objective = Denoising {
        train,
        valid,
        denoiser: saved.denoiser()?,
        saved: saved.clone(),
        device: device.clone(),
    };
    let network = init_seeded(config.seed, device, |device| saved.network(device));
    let fitted = training::fit(network, &objective, config, options)?;
    Ok(Trained {
        policy: BcPolicy::DiffusionLowdim(DiffusionLowdim::new(saved, fitted.last, device)?),
        curve: fitted.curve,
        best_epoch: fitted.best_epoch,
        best_valid: fitted.best_valid,
    })
}

/// One row to learn from: the latest observation of a sequence, and how to look at it.
#[derive(Clone, Copy)]
struct Row<'a> {
    sequence: &'a Sequence,
    at: usize,
    view: View,
}

impl<'a> Row<'a> {
    /// The last `count` states up to the row; before the beginning the first is repeated.
    fn states(&self, count: usize) -> impl Iterator<Item = &'a State> + use<'a> {
        let Self { sequence, at, .. } = *self;
        (0..count).map(move |k| &sequence.states[(at + 1 + k).saturating_sub(count)])
    }

    /// Offsets from the agent of the actions from the oldest observation on; beyond the ends the first and the last
    /// action are repeated.
    fn offsets(&self, config: &DiffusionConfig) -> impl Iterator<Item = [f64; 2]> {
        let Self { sequence, at, view } = *self;
        let (before, last) = (config.n_obs_steps - 1, sequence.actions.len() - 1);
        let agent = sequence.states[at].agent;
        (0..config.horizon)
            .map(move |k| view.offset(agent, sequence.actions[(at + k).saturating_sub(before).min(last)]))
    }
}

/// The rows that `refs` name.
fn rows<'a>(sequences: &'a [Sequence], refs: &[FrameRef], mirrored: bool) -> Result<Vec<Row<'a>>, BcError> {
    let row = |r: &FrameRef| {
        let (episode, row) = (r.episode, r.row);
        let found = sequences.get(episode).filter(|s| row < s.states.len());
        let sequence = found.ok_or(BcError::NoSuchRow { episode, row })?;
        Ok(Row {
            sequence,
            at: row,
            view: View::new(sequence.goal, mirrored),
        })
    };
    refs.iter().map(row).collect()
}

/// Ranges of features and offsets, and the scale that gives the normalised offsets a mean square of 1.
fn normalisation(diffusion: &DiffusionConfig, rows: &[Row<'_>]) -> Saved {
    let features: Vec<[f32; FEATURES]> = rows
        .iter()
        .map(|row| row.view.features(&row.sequence.states[row.at]))
        .collect();
    let offsets = rows.iter().flat_map(|row| row.offsets(diffusion));
    let offsets: Vec<[f32; 2]> = offsets.map(|offset| offset.map(|x| x as f32)).collect();
    let ranges = MinMax::fit(offsets.iter().map(<[f32; 2]>::as_slice));
    let squares = offsets
        .iter()
        .flat_map(|offset| ranges.normalise(offset))
        .map(|x| f64::from(x * x))
        .sum::<f64>();
    let deviation = (squares / (ACTION * offsets.len()) as f64).sqrt();
    Saved {
        diffusion: diffusion.clone(),
        features: MinMax::fit(features.iter().map(<[f32; FEATURES]>::as_slice)),
        offsets: ranges,
        scale: (1.0 / deviation.max(1e-3)) as f32,
    }
}

/// The error of the predicted noise (Ho et al. 2020, eq. 14); validated on sampled actions, in px².
struct Denoising<'a> {
    train: Vec<Row<'a>>,
    valid: Vec<Row<'a>>,
    saved: Saved,
    denoiser: Denoiser,
    device: Device,
}

impl Objective<Unet> for Denoising<'_> {
    fn items(&self) -> usize {
        self.train.len()
    }

    fn loss(&self, model: &Unet, items: &[usize], seed: u64) -> Result<Tensor<1>, ObjectiveError> {
        let Saved {
            diffusion,
            offsets,
            scale,
            ..
        } = &self.saved;
        let mut rng = Pcg64::seed_from_u64(seed);
        let schedule = self.denoiser.schedule();
        let steps: Vec<usize> = items
            .iter()
            .map(|_| rng.random_range(0..diffusion.schedule.steps))
            .collect();
        let noise = normal(items.len() * diffusion.horizon * ACTION, &mut rng);
        let mut condition = Vec::with_capacity(items.len() * diffusion.n_obs_steps * FEATURES);
        let mut clean = Vec::with_capacity(noise.len());
        let mut noisy = Vec::with_capacity(noise.len());
        for (item, step) in items.iter().zip(&steps) {
            let row = &self.train[*item];
            condition.extend(self.saved.condition(row.view, row.states(diffusion.n_obs_steps)));
            let (data, part) = schedule.parts(*step);
            for offset in row.offsets(diffusion) {
                for x in offsets.normalise(&offset.map(|x| x as f32)) {
                    noisy.push(data * x * scale + part * noise[noisy.len()]);
                    clean.push(x * scale);
                }
            }
        }
        let shape = [items.len(), diffusion.horizon, ACTION];
        let target = match diffusion.schedule.prediction {
            diffusion_schedulers::Prediction::Epsilon => noise,
            diffusion_schedulers::Prediction::Sample => clean,
        };
        let width = diffusion.n_obs_steps * FEATURES;
        // Each replica of a model has its own.
        let device = model.devices().remove(0).without_autodiff();
        let condition = Tensor::from_data(TensorData::new(condition, [items.len(), width]), &device);
        let noisy = Tensor::from_data(TensorData::new(noisy, shape), &device);
        let target = Tensor::from_data(TensorData::new(target, shape), &device);
        Ok((model.forward(noisy, &steps, condition) - target).square().mean())
    }

    fn validate(&self, model: &Unet) -> Result<Option<f64>, ObjectiveError> {
        let policy = DiffusionLowdim::new(self.saved.clone(), model.clone(), &self.device)?;
        let actions = policy.first_actions(&self.valid)?;
        let labels: Vec<Action> = self.valid.iter().map(|row| row.sequence.actions[row.at]).collect();
        Ok(crate::regression_fit(&actions, &labels).map(|fit| fit.mse))
    }
}
