//! Sampling of actions from noise.

use burn::Tensor;
use burn::tensor::{Device, TensorData};
use diffusion_schedulers::{NoiseSchedule, Scheduler};
use nn_kit::{mix_seed, normal};
use pusht_env::{Action, ObsBatch, PolicyError};
use rand::SeedableRng;
use rand_pcg::Pcg64;

use super::config::{DiffusionConfig, Sampler};
use super::unet::Unet;
use crate::error::{BcError, network_error, refused};
use crate::queues::{PendingEnv, Queues};

/// Batch size of a forward pass when acting. Batches are padded with zeros, so that the bits of an action do not depend
/// on the number of environments in the call.
pub(super) const BLOCK: usize = 8;

/// Size of an action.
pub(super) const ACTION: usize = 2;

/// The reverse diffusion process: noise to normalized actions.
#[derive(Clone, Debug)]
pub(super) struct Denoiser {
    schedule: NoiseSchedule,
    sampler: Sampler,
    steps: usize,
    horizon: usize,
}

impl Denoiser {
    /// Creates it; clean samples are clipped to `clip`.
    pub(super) fn new(config: &DiffusionConfig, clip: Option<f64>) -> Result<Self, BcError> {
        let schedule = NoiseSchedule::new(diffusion_schedulers::ScheduleConfig {
            clip,
            ..config.schedule
        });
        Ok(Self {
            schedule: schedule.map_err(|error| refused("schedule", &error, "a schedule of noise"))?,
            sampler: config.sampler,
            steps: config.sampler_steps,
            horizon: config.horizon,
        })
    }

    pub(super) fn schedule(&self) -> &NoiseSchedule {
        &self.schedule
    }

    /// Samples one sequence of `horizon` normalized actions per condition; its seed determines all its noise.
    pub(super) fn sample(
        &self,
        unet: &Unet,
        conditions: &[Vec<f32>],
        seeds: &[u64],
        device: &Device,
    ) -> Result<Vec<Vec<f32>>, BcError> {
        let width = conditions.first().map_or(0, Vec::len);
        let numbers = self.horizon * ACTION;
        let mut samples = Vec::with_capacity(conditions.len());
        for (conditions, seeds) in conditions.chunks(BLOCK).zip(seeds.chunks(BLOCK)) {
            let mut generators: Vec<Pcg64> = seeds.iter().map(|seed| Pcg64::seed_from_u64(*seed)).collect();
            let mut noise = || {
                let mut values: Vec<f32> = generators.iter_mut().flat_map(|rng| normal(numbers, rng)).collect();
                values.resize(BLOCK * numbers, 0.0);
                Tensor::from_data(TensorData::new(values, [BLOCK, self.horizon, ACTION]), device)
            };
            let mut values = conditions.concat();
            values.resize(BLOCK * width, 0.0);
            let condition = Tensor::from_data(TensorData::new(values, [BLOCK, width]), device);
            let first = noise();
            let x = self.denoise(unet, condition, first, noise)?;
            let x: Vec<f32> = x.try_into_vec_as().map_err(network_error)?;
            samples.extend(x.chunks_exact(numbers).take(conditions.len()).map(<[f32]>::to_vec));
        }
        Ok(samples)
    }

    /// Denoises `x`, pure noise, to clean actions; `noise` gives the noise that the sampler adds at each step.
    pub(super) fn denoise(
        &self,
        unet: &Unet,
        condition: Tensor<2>,
        x: Tensor<3>,
        mut noise: impl FnMut() -> Tensor<3>,
    ) -> Result<Tensor<3>, BcError> {
        let network = |x: Tensor<3>, step| {
            let steps = vec![step; x.dims()[0]];
            unet.forward(x, &steps, condition.clone())
        };
        let draw = |_: &Tensor<3>| noise();
        Ok(match self.sampler {
            Sampler::Ddim => self
                .schedule
                .ddim(self.steps)
                .map_err(network_error)?
                .sample(x, network, draw),
            Sampler::Ddpm => self
                .schedule
                .ddpm(self.steps)
                .map_err(network_error)?
                .sample(x, network, draw),
        })
    }
}

/// The sampler of a diffusion policy, with the remaining actions of the sampled sequences.
#[derive(Clone, Debug)]
pub(super) struct ActionSampler {
    denoiser: Denoiser,
    /// Bound to which clean samples are clipped.
    clip: Option<f64>,
    queues: Queues,
    pub(super) device: Device,
}

impl ActionSampler {
    /// Creates it; clean samples are clipped to `clip`.
    pub(super) fn new(config: &DiffusionConfig, clip: Option<f64>, device: &Device) -> Result<Self, BcError> {
        Ok(Self {
            denoiser: Denoiser::new(config, clip)?,
            clip,
            queues: Queues::default(),
            device: device.clone(),
        })
    }

    /// Takes the sampler, its steps and the number of actions per observation from `acting`; the policy's other
    /// settings belong to the network and stay.
    pub(super) fn act_by(&mut self, own: &mut DiffusionConfig, acting: &DiffusionConfig) -> Result<(), BcError> {
        *own = own.with_acting(acting)?;
        self.denoiser = Denoiser::new(own, self.clip)?;
        Ok(())
    }

    /// Sets the seed; it and the environment indices determine all noise.
    pub(super) fn set_seed(&mut self, seed: u64) {
        self.queues.seed = seed;
    }

    /// The seeds of the rows `first..first + count` of a prediction.
    pub(super) fn row_seeds(&self, first: usize, count: usize) -> Vec<u64> {
        let rows = first..first + count;
        rows.map(|row| mix_seed(self.queues.seed, row as u64)).collect()
    }

    pub(super) fn denoiser(&self) -> &Denoiser {
        &self.denoiser
    }

    /// Samples as [`Denoiser::sample`] does.
    pub(super) fn sample(&self, unet: &Unet, conditions: &[Vec<f32>], seeds: &[u64]) -> Result<Vec<Vec<f32>>, BcError> {
        self.denoiser.sample(unet, conditions, seeds, &self.device)
    }

    /// Starts new episodes in these environments.
    pub(super) fn reset(&mut self, envs: &[usize]) {
        self.queues.reset(envs);
    }

    /// The environments that need a new sequence.
    pub(super) fn pending(&self, obs: &ObsBatch<'_>) -> Vec<PendingEnv> {
        self.queues.pending(obs)
    }

    /// Returns the actions from new sequences; `config` gives how many of each are taken.
    pub(super) fn serve(
        &mut self,
        policy: &str,
        config: &DiffusionConfig,
        obs: &ObsBatch<'_>,
        pending: &[PendingEnv],
        sequences: Vec<Vec<Action>>,
        out: &mut [Action],
    ) -> Result<(), PolicyError> {
        let taken = sequences.into_iter().map(|sequence| config.taken(sequence));
        self.queues.serve(policy, obs, pending, taken, out)
    }
}
