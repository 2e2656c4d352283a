//! Training of Diffusion Policy on images.

use burn::Tensor;
use burn::module::Module;
use burn::tensor::{Device, TensorData};
use diffusion_schedulers::NoiseSchedule;
use pusht_data::{Episode, FrameRef};
use pusht_env::Action;
use pusht_training::{TrainData, TrainOutput};
use rand::{RngExt, SeedableRng};
use rand_pcg::Pcg64;
use training::{FitOptions, Objective, ObjectiveError, Step, TrainConfig, init_seeded};

use super::config::{EncoderConfig, SIDE};
use super::policy::DiffusionPolicy;
use super::saved::{Network, Saved};
use crate::diffusion::acting::Denoiser;
use crate::diffusion::config::DiffusionConfig;
use crate::diffusion::noised::NoisedSequences;
use crate::diffusion::norm::{MinMax, Norm};
use crate::error::BcError;
use crate::fit::regression_fit;
use crate::sequence::{Sequence, sequences};

/// Maximum number of validation rows that are sampled after an epoch, evenly spaced.
const VALIDATION: usize = 64;

/// Trains on images and the agent's position (recorded, or tracked where the episodes have no states). Returns the
/// moving average of the weights after the last epoch; the curve has the validation error of the first action.
pub(super) fn train(
    (diffusion, image): (&DiffusionConfig, EncoderConfig),
    config: &TrainConfig,
    data: &TrainData<'_>,
    device: &Device,
    options: FitOptions<'_>,
) -> Result<TrainOutput<DiffusionPolicy>, BcError> {
    let episodes = data.episodes();
    let sequences = sequences(episodes)?;
    for (index, sequence) in sequences.iter().enumerate() {
        sequence.check(index)?;
    }
    for r in data.train().iter().chain(data.validation()) {
        let (episode, row) = (r.episode, r.row);
        episodes
            .get(episode)
            .filter(|e| row < e.len())
            .ok_or(BcError::NoSuchRow { episode, row })?;
    }
    let kept = |r: &&FrameRef| r.row + diffusion.drop_n_last_frames < sequences[r.episode].actions.len();
    let train: Vec<FrameRef> = data.train().iter().filter(kept).copied().collect();
    if train.is_empty() {
        return Err(training::TrainingError::NoItems.into());
    }
    let every = data.validation().len().div_ceil(VALIDATION).max(1);
    let saved = normalization(diffusion, image, episodes, &sequences, &train)?;
    let objective = Denoising {
        episodes,
        sequences: &sequences,
        train,
        valid: data.validation().iter().step_by(every).copied().collect(),
        schedule: Denoiser::new(diffusion, diffusion.schedule.clip)?.schedule().clone(),
        image,
        saved: saved.clone(),
        device: device.clone(),
    };
    let network = init_seeded(config.seed, device, |device| saved.network(device));
    let fitted = training::fit(network, &objective, config, options)?;
    let policy = DiffusionPolicy::new(saved, fitted.last, device)?;
    Ok(TrainOutput::new(policy, fitted.curve).with_best(fitted.best_epoch, fitted.best_valid))
}

/// Fits the normalization: positions and actions to [−1, 1] by their ranges, pixels (scaled to [0, 1]) by mean and
/// deviation of their channel.
fn normalization(
    diffusion: &DiffusionConfig,
    image: EncoderConfig,
    episodes: &[&Episode],
    sequences: &[Sequence],
    train: &[FrameRef],
) -> Result<Saved, BcError> {
    let agent = |r: &FrameRef| sequences[r.episode].states[r.row].agent.map(|x| x as f32);
    let action = |r: &FrameRef| sequences[r.episode].actions[r.row];
    let agents: Vec<[f32; 2]> = train.iter().map(agent).collect();
    let actions: Vec<[f32; 2]> = train.iter().map(action).collect();
    let min_max = |rows: &[[f32; 2]]| Norm::MinMax(MinMax::fit(rows.iter().map(<[f32; 2]>::as_slice)));
    let (mut sums, mut squares, mut count) = ([0_u64; 3], [0_u64; 3], 0_u64);
    for r in train {
        let frame = &episodes[r.episode].frames[r.row];
        let (width, height) = frame.dimensions();
        if (width as usize, height as usize) != (SIDE, SIDE) {
            return Err(BcError::FrameSize { width, height });
        }
        for pixel in frame.as_raw().chunks_exact(3) {
            for channel in 0..3 {
                let value = u64::from(pixel[channel]);
                sums[channel] += value;
                squares[channel] += value * value;
            }
        }
        count += (SIDE * SIDE) as u64;
    }
    let mean = sums.map(|sum| sum as f64 / count as f64 / 255.0);
    let moment = |channel: usize| squares[channel] as f64 / count as f64 / (255.0 * 255.0);
    let std = [0, 1, 2].map(|channel| (moment(channel) - mean[channel].powi(2)).max(1e-6).sqrt());
    Ok(Saved {
        diffusion: diffusion.clone(),
        image: Some(image),
        resize: None,
        batch_norm: false,
        state: min_max(&agents),
        pixels: Norm::MeanStd {
            mean: mean.map(|x| x as f32).to_vec(),
            std: std.map(|x| x as f32).to_vec(),
        },
        environment: Norm::Identity,
        action: min_max(&actions),
    })
}

/// Error of the predicted noise (Ho et al. 2020, eq. 14); validated on sampled actions, in px².
struct Denoising<'a> {
    episodes: &'a [&'a Episode],
    sequences: &'a [Sequence],
    train: Vec<FrameRef>,
    valid: Vec<FrameRef>,
    schedule: NoiseSchedule,
    image: EncoderConfig,
    saved: Saved,
    device: Device,
}

impl Objective<Network> for Denoising<'_> {
    fn items(&self) -> usize {
        self.train.len()
    }

    fn loss(&self, model: &Network, items: &[usize], step: Step) -> Result<Tensor<1>, ObjectiveError> {
        let diffusion = &self.saved.diffusion;
        let n = diffusion.n_obs_steps;
        let mut rng = Pcg64::seed_from_u64(step.seed);
        let mut noised = NoisedSequences::draw(diffusion, items.len(), &mut rng);
        let mut agents = Vec::new();
        let mut pictures = Vec::with_capacity(items.len() * n);
        for (at, item) in items.iter().enumerate() {
            let r = self.train[*item];
            let (episode, row) = (r.episode, r.row);
            let sequence = &self.sequences[episode];
            // All images of a sample share one crop corner.
            let corner = self.image.crop.map(|side| rng.random_range(0..=SIDE - side));
            for k in 0..n {
                let row = (row + 1 + k).saturating_sub(n);
                agents.extend(self.saved.state.row(&sequence.states[row].agent.map(|x| x as f32)));
                pictures.push((&self.episodes[episode].frames[row], corner));
            }
            let place = |k: usize| (row + k).saturating_sub(n - 1).min(sequence.actions.len() - 1);
            let actions = (0..diffusion.horizon).map(|k| &sequence.actions[place(k)]);
            noised.push(
                at,
                actions.flat_map(|action| self.saved.action.row(action)),
                1.0,
                &self.schedule,
            );
        }
        let count = pictures.len();
        // Each replica of a model has its own device.
        let device = model.devices().remove(0).without_autodiff();
        let pictures = self.saved.pictures(self.image, pictures.into_iter(), count, &device)?;
        let agents = Tensor::<2>::from_data(TensorData::new(agents, [count, 2]), &device);
        let seen = match model.encode(pictures) {
            Some(features) => Tensor::cat(vec![agents, features], 1),
            None => agents,
        };
        let width = seen.dims()[1];
        let condition = seen.reshape([items.len(), n * width]);
        Ok(noised.loss(diffusion, &model.unet, condition, &device))
    }

    fn describe_validation(&self, value: f64) -> String {
        format!("validation MSE {value:.1} px²")
    }

    fn validate(&self, model: &Network) -> Result<Option<f64>, ObjectiveError> {
        let policy = DiffusionPolicy::new(self.saved.clone(), model.clone(), &self.device)?;
        let actions = policy.predict_rows_of(self.episodes, self.sequences, &self.valid)?;
        let label = |r: &FrameRef| self.sequences[r.episode].actions[r.row];
        let labels: Vec<Action> = self.valid.iter().map(label).collect();
        Ok(regression_fit(&actions, &labels).map(|fit| fit.mse))
    }
}
