//! From noise to actions.

use burn::Tensor;
use burn::tensor::{Device, TensorData};
use diffusion_schedulers::{NoiseSchedule, Scheduler};
use nn_kit::normal;
use rand::SeedableRng;
use rand_pcg::Pcg64;

use super::{DiffusionConfig, Sampler, Unet};
use crate::BcError;
use crate::tracked::network_error;

/// Samples of one forward pass when acting. Always as many, the rest zeros, so that the bits of an action do not depend
/// on how many environments ask at once.
pub(super) const BLOCK: usize = 8;

/// Numbers of an action.
pub(super) const ACTION: usize = 2;

/// What turns noise into normalised actions.
#[derive(Clone, Debug)]
pub(super) struct Denoiser {
    schedule: NoiseSchedule,
    sampler: Sampler,
    steps: usize,
    horizon: usize,
}

impl Denoiser {
    /// Clean samples are clipped to `clip`.
    pub(super) fn new(config: &DiffusionConfig, clip: Option<f64>) -> Result<Self, BcError> {
        let schedule = NoiseSchedule::new(diffusion_schedulers::ScheduleConfig {
            clip,
            ..config.schedule
        });
        Ok(Self {
            schedule: schedule.map_err(|error| BcError::Config {
                setting: "schedule",
                found: error.to_string(),
                expected: "a schedule of noise",
            })?,
            sampler: config.sampler,
            steps: config.sampler_steps,
            horizon: config.horizon,
        })
    }

    pub(super) fn schedule(&self) -> &NoiseSchedule {
        &self.schedule
    }

    /// One sequence of `horizon` normalised actions for each condition; all its noise follows from its seed.
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

    /// From `x`, all noise, to clean actions; `noise` gives what the sampler draws on the way.
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
