//! DDPM and DDIM samplers for a [`NoiseSchedule`]. Values equal those of the Python package `diffusers`
//! (`DDPMScheduler` with fixed small variance, `DDIMScheduler` with η = 0, leading timestep spacing).

use burn::tensor::Tensor;

use crate::noise::{NoiseError, NoiseSchedule};
use crate::scheduler::Scheduler;

impl NoiseSchedule {
    /// Returns the ancestral sampler with `count` steps.
    ///
    /// # Errors
    /// A count outside of 1 to the number of steps of the schedule.
    pub fn ddpm(&self, count: usize) -> Result<DdpmSampler<'_>, NoiseError> {
        DdpmSampler::new(self, count)
    }

    /// Returns the deterministic sampler with `count` steps.
    ///
    /// # Errors
    /// A count outside of 1 to the number of steps of the schedule.
    pub fn ddim(&self, count: usize) -> Result<DdimSampler<'_>, NoiseError> {
        DdimSampler::new(self, count)
    }
}

/// The `count` timesteps of a sampler in decreasing order, evenly spaced and ending at 0.
fn spaced(schedule: &NoiseSchedule, count: usize) -> Result<Vec<usize>, NoiseError> {
    let steps = schedule.config().steps;
    if !(1..=steps).contains(&count) {
        let expected = format!("1 to {steps}");
        return Err(NoiseError::Steps { found: count, expected });
    }
    let ratio = steps / count;
    Ok((0..count).rev().map(|i| i * ratio).collect())
}

/// Returns ᾱ at the start of sampling step `step`, 1 after the last one.
fn bar(schedule: &NoiseSchedule, timesteps: &[usize], step: usize) -> f32 {
    timesteps.get(step).map_or(1.0, |t| schedule.alphas_cumprod()[*t])
}

/// xₜ = √ᾱ x₀ + √(1 − ᾱ) ε (Ho et al. 2020, eq. 4).
fn noised<const D: usize>(schedule: &NoiseSchedule, clean: Tensor<D>, noise: Tensor<D>, timestep: usize) -> Tensor<D> {
    let (data, part) = schedule.alpha_sigma(timestep);
    clean.mul_scalar(data) + noise.mul_scalar(part)
}

/// DDPM, the ancestral sampler (Ho et al. 2020, eqs. 6, 7 and 15). Created by [`NoiseSchedule::ddpm`].
#[derive(Clone, Debug, PartialEq)]
pub struct DdpmSampler<'a> {
    schedule: &'a NoiseSchedule,
    timesteps: Vec<usize>,
}

impl<'a> DdpmSampler<'a> {
    pub(crate) fn new(schedule: &'a NoiseSchedule, count: usize) -> Result<Self, NoiseError> {
        let timesteps = spaced(schedule, count)?;
        Ok(Self { schedule, timesteps })
    }
}

impl Scheduler for DdpmSampler<'_> {
    type Time = usize;

    fn timesteps(&self) -> &[usize] {
        &self.timesteps
    }

    fn add_noise<const D: usize>(&self, clean: Tensor<D>, noise: Tensor<D>, step: usize) -> Tensor<D> {
        noised(self.schedule, clean, noise, self.timesteps[step])
    }

    /// Takes one sampling step. `output` is ε or x₀, depending on the schedule's [`Prediction`](crate::Prediction); the
    /// last step draws no noise.
    fn step<const D: usize>(
        &self,
        x: Tensor<D>,
        output: Tensor<D>,
        step: usize,
        mut draw: impl FnMut(&Tensor<D>) -> Tensor<D>,
    ) -> Tensor<D> {
        let timestep = self.timesteps[step];
        let bar_next = bar(self.schedule, &self.timesteps, step + 1);
        let bar = self.schedule.alphas_cumprod()[timestep];
        let alpha = bar / bar_next;
        let beta = 1.0 - alpha;
        let (rest, rest_next) = (1.0 - bar, 1.0 - bar_next);
        let (clean, _) = self.schedule.split(output, timestep, x.clone());
        let mean = clean.mul_scalar(bar_next.sqrt() * beta / rest) + x.mul_scalar(alpha.sqrt() * rest_next / rest);
        if timestep == 0 {
            return mean;
        }
        let variance = (rest_next / rest * beta).max(1e-20);
        let noise = draw(&mean);
        mean + noise.mul_scalar(variance.sqrt())
    }
}

/// DDIM, the deterministic sampler (Song et al. 2021, eq. 12 with σ = 0). Created by [`NoiseSchedule::ddim`].
#[derive(Clone, Debug, PartialEq)]
pub struct DdimSampler<'a> {
    schedule: &'a NoiseSchedule,
    timesteps: Vec<usize>,
}

impl<'a> DdimSampler<'a> {
    pub(crate) fn new(schedule: &'a NoiseSchedule, count: usize) -> Result<Self, NoiseError> {
        let timesteps = spaced(schedule, count)?;
        Ok(Self { schedule, timesteps })
    }
}

impl Scheduler for DdimSampler<'_> {
    type Time = usize;

    fn timesteps(&self) -> &[usize] {
        &self.timesteps
    }

    fn add_noise<const D: usize>(&self, clean: Tensor<D>, noise: Tensor<D>, step: usize) -> Tensor<D> {
        noised(self.schedule, clean, noise, self.timesteps[step])
    }

    /// Takes one sampling step. `output` is ε or x₀, depending on the schedule's [`Prediction`](crate::Prediction).
    fn step<const D: usize>(
        &self,
        x: Tensor<D>,
        output: Tensor<D>,
        step: usize,
        _draw: impl FnMut(&Tensor<D>) -> Tensor<D>,
    ) -> Tensor<D> {
        let bar_next = bar(self.schedule, &self.timesteps, step + 1);
        let (clean, epsilon) = self.schedule.split(output, self.timesteps[step], x);
        clean.mul_scalar(bar_next.sqrt()) + epsilon.mul_scalar((1.0 - bar_next).sqrt())
    }
}

#[cfg(test)]
mod tests {
    use burn::tensor::Device;

    use super::*;
    use crate::noise::{BetaSchedule, Prediction, ScheduleConfig};

    #[test]
    fn a_perfect_network_is_followed_to_the_data() {
        let device = Device::flex();
        let data = Tensor::<1>::from_floats([0.3, -0.8, 0.0], &device);
        let noise = Tensor::<1>::from_floats([1.0, -0.4, 0.7], &device);
        for prediction in [Prediction::Epsilon, Prediction::Sample] {
            let schedule = NoiseSchedule::new(ScheduleConfig {
                steps: 100,
                betas: BetaSchedule::SquaredCosCapV2,
                prediction,
                clip: None,
            })
            .unwrap();
            let sampler = schedule.ddim(10).unwrap();
            assert_eq!(sampler.timesteps(), [90, 80, 70, 60, 50, 40, 30, 20, 10, 0]);
            let start = sampler.add_noise(data.clone(), noise.clone(), 0);
            let network = |x: Tensor<1>, step| {
                let (a, b) = schedule.alpha_sigma(step);
                match prediction {
                    Prediction::Epsilon => (x - data.clone().mul_scalar(a)).div_scalar(b),
                    Prediction::Sample => data.clone(),
                }
            };
            let x = sampler.sample(start, network, Tensor::zeros_like);
            let error: f32 = (x - data.clone()).abs().max().into_scalar();
            assert!(error < 1e-4, "{error}");
        }
    }
}
