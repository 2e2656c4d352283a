//! Training on states.

use burn::Tensor;
use burn::module::Module;
use burn::tensor::{Device, TensorData};
use pusht_data::FrameRef;
use pusht_env::{Action, State};
use pusht_training::{TrainData, TrainOutput};
use rand::SeedableRng;
use rand_pcg::Pcg64;
use training::{FitOptions, Objective, ObjectiveError, Step, TrainConfig, init_seeded};

use super::config::TrackedConfig;
use super::policy::{Saved, TrackedPolicy};
use crate::error::BcError;
use crate::features::{FEATURES, View};
use crate::mlp::Mlp;
use crate::sequence::{Sequence, sequences};

/// Trains the policy. Every training row is used twice, unchanged and mirrored.
///
/// Returns the policy after the last epoch, so that every run has the same number of updates; the curve has the
/// validation error of the first action.
pub(super) fn train(
    tracked: &TrackedConfig,
    config: &TrainConfig,
    data: &TrainData<'_>,
    device: &Device,
    options: FitOptions<'_>,
) -> Result<TrainOutput<TrackedPolicy>, BcError> {
    let sequences = sequences(data.episodes())?;
    for (episode, sequence) in sequences.iter().enumerate() {
        sequence.check(episode)?;
    }
    let plain = rows(&sequences, data.train(), false)?;
    let train: Vec<Row> = plain.chain(rows(&sequences, data.train(), true)?).collect();
    let saved = normalization(tracked, &train);
    let objective = Chunks {
        train,
        valid: rows(&sequences, data.validation(), false)?.collect(),
        saved: saved.clone(),
    };
    let network = init_seeded(config.seed, device, |device| saved.network(device));
    let fitted = training::fit(network, &objective, config, options)?;
    let policy = TrackedPolicy::new(saved, fitted.last, device);
    Ok(TrainOutput::new(policy, fitted.curve).with_best(fitted.best_epoch, fitted.best_valid))
}

/// A training row: the state, its view, and the actions from there to the end of its episode.
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

/// The rows in `refs`.
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
fn normalization(tracked: &TrackedConfig, rows: &[Row<'_>]) -> Saved {
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
        // A constant feature or action keeps its own scale.
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

/// Mean squared error of normalized chunks; validated on the first action, in px².
struct Chunks<'a> {
    train: Vec<Row<'a>>,
    valid: Vec<Row<'a>>,
    saved: Saved,
}

impl Chunks<'_> {
    /// Features and targets of rows whose states are perturbed by `noise` (five numbers per row).
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
            x.extend(self.saved.normalized(&row.view.features(&state)));
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

    fn loss(&self, model: &Mlp, items: &[usize], step: Step) -> Result<Tensor<1>, ObjectiveError> {
        let level = self.saved.tracked.noise;
        let mut noise = Vec::new();
        if level > 0.0 {
            noise = nn_kit::normal(5 * items.len(), &mut Pcg64::seed_from_u64(step.seed));
            for (index, moved) in noise.iter_mut().enumerate() {
                *moved *= if index % 5 == 4 { level / 100.0 } else { level };
            }
        }
        let (x, y) = self.batch(items.iter().map(|&item| &self.train[item]), &noise, &model.devices()[0]);
        Ok((model.forward(x) - y).square().mean())
    }

    fn describe_validation(&self, value: f64) -> String {
        format!("validation MSE {value:.1} px²")
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
