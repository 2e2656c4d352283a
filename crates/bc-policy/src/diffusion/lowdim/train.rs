//! Training of the diffusion policy on states.

use burn::Tensor;
use burn::module::Module;
use burn::tensor::{Device, TensorData};
use diffusion_schedulers::NoiseSchedule;
use pusht_env::Action;
use pusht_training::{TrainData, TrainOutput};
use rand::SeedableRng;
use rand_pcg::Pcg64;
use training::{FitOptions, Objective, ObjectiveError, Step, TrainConfig, init_seeded};

use super::policy::{DiffusionLowdim, Saved};
use super::rows::{Row, rows};
use crate::diffusion::acting::{ACTION, Denoiser};
use crate::diffusion::config::DiffusionConfig;
use crate::diffusion::noised::NoisedSequences;
use crate::diffusion::norm::MinMax;
use crate::diffusion::unet::Unet;
use crate::error::BcError;
use crate::features::FEATURES;
use crate::fit::regression_fit;
use crate::sequence::sequences;

/// Maximum number of validation rows that are sampled after an epoch, evenly spaced.
const VALIDATION: usize = 256;

/// Trains the policy. Every training row is used twice, unchanged and mirrored. Returns the moving average of the
/// weights after the last epoch; the curve has the validation error of the first action.
pub(super) fn train(
    diffusion: &DiffusionConfig,
    config: &TrainConfig,
    data: &TrainData<'_>,
    device: &Device,
    options: FitOptions<'_>,
) -> Result<TrainOutput<DiffusionLowdim>, BcError> {
    let sequences = sequences(data.episodes())?;
    for (episode, sequence) in sequences.iter().enumerate() {
        sequence.check(episode)?;
    }
    let mut train = rows(&sequences, data.train(), false)?;
    train.extend(rows(&sequences, data.train(), true)?);
    train.retain(|row| row.at + diffusion.drop_n_last_frames < row.sequence.actions.len());
    if train.is_empty() {
        return Err(training::TrainingError::NoItems.into());
    }
    let mut valid = rows(&sequences, data.validation(), false)?;
    let every = valid.len().div_ceil(VALIDATION).max(1);
    valid = valid.into_iter().step_by(every).collect();
    let saved = normalization(diffusion, &train);
    let objective = Denoising {
        train,
        valid,
        schedule: Denoiser::new(diffusion, saved.clip())?.schedule().clone(),
        saved: saved.clone(),
        device: device.clone(),
    };
    let network = init_seeded(config.seed, device, |device| saved.network(device));
    let fitted = training::fit(network, &objective, config, options)?;
    let policy = DiffusionLowdim::new(saved, fitted.last, device)?;
    Ok(TrainOutput::new(policy, fitted.curve).with_best(fitted.best_epoch, fitted.best_valid))
}

/// Ranges of features and offsets, and the scale that gives the normalized offsets a mean square of 1.
fn normalization(diffusion: &DiffusionConfig, rows: &[Row<'_>]) -> Saved {
    let features: Vec<[f32; FEATURES]> = rows
        .iter()
        .map(|row| row.view.features(&row.sequence.states[row.at]))
        .collect();
    let offsets = rows.iter().flat_map(|row| row.offsets(diffusion));
    let offsets: Vec<[f32; 2]> = offsets.map(|offset| offset.map(|x| x as f32)).collect();
    let ranges = MinMax::fit(offsets.iter().map(<[f32; 2]>::as_slice));
    let squares = offsets
        .iter()
        .flat_map(|offset| ranges.normalize(offset))
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

/// Error of the predicted noise (Ho et al. 2020, eq. 14); validated on sampled actions, in px².
struct Denoising<'a> {
    train: Vec<Row<'a>>,
    valid: Vec<Row<'a>>,
    saved: Saved,
    schedule: NoiseSchedule,
    device: Device,
}

impl Objective<Unet> for Denoising<'_> {
    fn items(&self) -> usize {
        self.train.len()
    }

    fn loss(&self, model: &Unet, items: &[usize], step: Step) -> Result<Tensor<1>, ObjectiveError> {
        let Saved {
            diffusion,
            offsets,
            scale,
            ..
        } = &self.saved;
        let mut rng = Pcg64::seed_from_u64(step.seed);
        let mut noised = NoisedSequences::draw(diffusion, items.len(), &mut rng);
        let width = diffusion.n_obs_steps * FEATURES;
        let mut condition = Vec::with_capacity(items.len() * width);
        for (at, item) in items.iter().enumerate() {
            let row = &self.train[*item];
            condition.extend(self.saved.condition(row.view, row.states(diffusion.n_obs_steps)));
            let numbers = row.offsets(diffusion).map(|offset| offset.map(|x| x as f32));
            let numbers = numbers.flat_map(|offset| offsets.normalize(&offset).collect::<Vec<_>>());
            noised.push(at, numbers, *scale, &self.schedule);
        }
        // Each replica of a model has its own device.
        let device = model.devices().remove(0).without_autodiff();
        let condition = Tensor::from_data(TensorData::new(condition, [items.len(), width]), &device);
        Ok(noised.loss(diffusion, model, condition, &device))
    }

    fn describe_validation(&self, value: f64) -> String {
        format!("validation MSE {value:.1} px²")
    }

    fn validate(&self, model: &Unet) -> Result<Option<f64>, ObjectiveError> {
        let policy = DiffusionLowdim::new(self.saved.clone(), model.clone(), &self.device)?;
        let actions = policy.first_actions(&self.valid)?;
        let labels: Vec<Action> = self.valid.iter().map(|row| row.sequence.actions[row.at]).collect();
        Ok(regression_fit(&actions, &labels).map(|fit| fit.mse))
    }
}
