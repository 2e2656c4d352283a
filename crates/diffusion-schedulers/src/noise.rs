//! Denoising diffusion: the schedule of the noise, and the samplers that take it off. Numbers are those of the pip package
//! `diffusers` (`DDPMScheduler` with its fixed small variance, `DDIMScheduler` with η = 0, steps spaced from the front),
//! which keeps its tables in single precision.

use burn::tensor::Tensor;
use serde::{Deserialize, Serialize};

/// How the variance of the noise grows over the steps.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BetaSchedule {
    /// βₜ = 1 − ᾱ(t+1)/ᾱ(t), at most 0.999, with ᾱ(t) = cos²(π/2 · (t/T + 0.008)/1.008) (Nichol & Dhariwal 2021, eq. 17).
    #[serde(rename = "squaredcos_cap_v2")]
    SquaredCosCapV2,
    /// From the first number to the second in equal steps (Ho et al. 2020, section 4).
    Linear(f64, f64),
}

/// What the network predicts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Prediction {
    /// The noise ε.
    Epsilon,
    /// The clean sample x₀.
    Sample,
}

/// A schedule in numbers.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ScheduleConfig {
    /// Steps from data to noise.
    pub steps: usize,
    /// Variances.
    pub betas: BetaSchedule,
    /// What is learned.
    pub prediction: Prediction,
    /// Predicted clean samples are clipped to this magnitude when sampling.
    pub clip: Option<f64>,
}

/// Why there is no schedule.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum NoiseError {
    /// Too few or too many steps.
    #[error("{found} diffusion steps were asked for; expected {expected}")]
    Steps {
        /// What was given.
        found: usize,
        /// What is allowed.
        expected: String,
    },
    /// A variance out of range.
    #[error("the betas go from {first} to {last}; expected numbers between 0 and 1")]
    Betas {
        /// The first.
        first: f64,
        /// The last.
        last: f64,
    },
    /// A clipping range that is not one.
    #[error("samples are clipped to {found}; expected a finite number above 0")]
    Clip {
        /// What was given.
        found: f64,
    },
}

impl ScheduleConfig {
    /// Refuses numbers that are no schedule.
    ///
    /// # Errors
    /// The first one that is not.
    pub fn check(&self) -> Result<(), NoiseError> {
        if !(1..=100_000).contains(&self.steps) {
            let expected = "1 to 100000".to_string();
            return Err(NoiseError::Steps {
                found: self.steps,
                expected,
            });
        }
        if let BetaSchedule::Linear(first, last) = self.betas {
            let sound = |beta: f64| beta > 0.0 && beta < 1.0;
            if !(sound(first) && sound(last)) {
                return Err(NoiseError::Betas { first, last });
            }
        }
        match self.clip {
            Some(found) if !(found.is_finite() && found > 0.0) => Err(NoiseError::Clip { found }),
            _ => Ok(()),
        }
    }
}

/// A schedule and what follows from it: ᾱₜ = Π (1 − βᵢ).
#[derive(Clone, Debug, PartialEq)]
pub struct NoiseSchedule {
    config: ScheduleConfig,
    alphas_cumprod: Vec<f32>,
}

impl NoiseSchedule {
    /// The tables.
    ///
    /// # Errors
    /// See [`ScheduleConfig::check`].
    pub fn new(config: ScheduleConfig) -> Result<Self, NoiseError> {
        config.check()?;
        let steps = config.steps;
        let beta = |t: usize| match config.betas {
            BetaSchedule::SquaredCosCapV2 => {
                let bar = |t: usize| {
                    let t = t as f64 / steps as f64;
                    ((t + 0.008) / 1.008 * std::f64::consts::FRAC_PI_2).cos().powi(2)
                };
                (1.0 - bar(t + 1) / bar(t)).min(0.999) as f32
            }
            BetaSchedule::Linear(first, last) => {
                let step = (last as f32 - first as f32) / (steps.max(2) - 1) as f32;
                // From the nearer end, as torch.linspace.
                if t < steps / 2 {
                    first as f32 + step * t as f32
                } else {
                    last as f32 - step * (steps - 1 - t) as f32
                }
            }
        };
        let mut product = 1.0_f32;
        let cumulate = |t| {
            product *= 1.0 - beta(t);
            product
        };
        Ok(Self {
            config,
            alphas_cumprod: (0..steps).map(cumulate).collect(),
        })
    }

    /// What it was made from.
    pub fn config(&self) -> &ScheduleConfig {
        &self.config
    }

    /// ᾱ of every step.
    pub fn alphas_cumprod(&self) -> &[f32] {
        &self.alphas_cumprod
    }

    /// √ᾱ and √(1 − ᾱ) of a step (from 0): the parts of data and noise, xₜ = √ᾱ x₀ + √(1 − ᾱ) ε (Ho et al. 2020, eq. 4).
    pub fn parts(&self, step: usize) -> (f32, f32) {
        let bar = self.alphas_cumprod[step];
        (bar.sqrt(), (1.0 - bar).sqrt())
    }

    /// The steps of a sampler that takes `count` of them, falling, evenly spaced and ending at 0.
    ///
    /// # Errors
    /// A number that is not 1 to the schedule's steps.
    pub fn timesteps(&self, count: usize) -> Result<Vec<usize>, NoiseError> {
        if !(1..=self.config.steps).contains(&count) {
            let expected = format!("1 to {}", self.config.steps);
            return Err(NoiseError::Steps { found: count, expected });
        }
        let ratio = self.config.steps / count;
        Ok((0..count).rev().map(|i| i * ratio).collect())
    }

    /// ᾱ of the sampler's step after `step` (which is closer to the data), 1 after the last.
    fn next(&self, step: usize, count: usize) -> f32 {
        let next = step.checked_sub(self.config.steps / count);
        next.map_or(1.0, |next| self.alphas_cumprod[next])
    }

    /// Clean sample, clipped where the schedule says so, and noise, as the network's output at `step` implies them.
    fn split<const D: usize>(&self, output: Tensor<D>, step: usize, x: Tensor<D>) -> (Tensor<D>, Tensor<D>) {
        let (data, noise) = self.parts(step);
        let (clean, epsilon) = match self.config.prediction {
            Prediction::Epsilon => {
                let clean = (x - output.clone().mul_scalar(noise)).div_scalar(data);
                (clean, output)
            }
            Prediction::Sample => {
                let epsilon = (x - output.clone().mul_scalar(data)).div_scalar(noise);
                (output, epsilon)
            }
        };
        let clean = match self.config.clip {
            Some(most) => clean.clamp(-most, most),
            None => clean,
        };
        (clean, epsilon)
    }

    /// One step of the ancestral sampler (Ho et al. 2020, eqs. 6, 7 and 15), one of `count`: from xₜ and the network's
    /// output to the x before. `noise` is standard normal; it is not used at step 0.
    pub fn ddpm_step<const D: usize>(
        &self,
        output: Tensor<D>,
        step: usize,
        count: usize,
        x: Tensor<D>,
        noise: impl FnOnce() -> Tensor<D>,
    ) -> Tensor<D> {
        let bar = self.alphas_cumprod[step];
        let bar_next = self.next(step, count);
        let alpha = bar / bar_next;
        let beta = 1.0 - alpha;
        let (rest, rest_next) = (1.0 - bar, 1.0 - bar_next);
        let (clean, _) = self.split(output, step, x.clone());
        let mean = clean.mul_scalar(bar_next.sqrt() * beta / rest) + x.mul_scalar(alpha.sqrt() * rest_next / rest);
        if step == 0 {
            return mean;
        }
        let variance = (rest_next / rest * beta).max(1e-20);
        mean + noise().mul_scalar(variance.sqrt())
    }

    /// One step of the deterministic sampler (Song et al. 2021, eq. 12 with σ = 0), one of `count`.
    pub fn ddim_step<const D: usize>(&self, output: Tensor<D>, step: usize, count: usize, x: Tensor<D>) -> Tensor<D> {
        let bar_next = self.next(step, count);
        let (clean, epsilon) = self.split(output, step, x);
        clean.mul_scalar(bar_next.sqrt()) + epsilon.mul_scalar((1.0 - bar_next).sqrt())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use burn::tensor::Device;

    fn schedule(prediction: Prediction) -> NoiseSchedule {
        let config = ScheduleConfig {
            steps: 100,
            betas: BetaSchedule::SquaredCosCapV2,
            prediction,
            clip: None,
        };
        NoiseSchedule::new(config).unwrap()
    }

    #[test]
    fn a_perfect_network_is_followed_to_the_data() {
        let device = Device::flex();
        let data = Tensor::<1>::from_floats([0.3, -0.8, 0.0], &device);
        let noise = Tensor::<1>::from_floats([1.0, -0.4, 0.7], &device);
        for prediction in [Prediction::Epsilon, Prediction::Sample] {
            let schedule = schedule(prediction);
            let steps = schedule.timesteps(10).unwrap();
            assert_eq!(steps, [90, 80, 70, 60, 50, 40, 30, 20, 10, 0]);
            let (a, b) = schedule.parts(steps[0]);
            let mut x = data.clone().mul_scalar(a) + noise.clone().mul_scalar(b);
            for step in steps {
                let (a, b) = schedule.parts(step);
                let epsilon = (x.clone() - data.clone().mul_scalar(a)).div_scalar(b);
                let output = match prediction {
                    Prediction::Epsilon => epsilon,
                    Prediction::Sample => data.clone(),
                };
                x = schedule.ddim_step(output, step, 10, x);
            }
            let error: f32 = (x - data.clone()).abs().max().into_scalar();
            assert!(error < 1e-4, "{error}");
        }
    }

    #[test]
    fn numbers_that_are_no_schedule_are_refused() {
        let mut config = *schedule(Prediction::Epsilon).config();
        config.steps = 0;
        assert!(config.check().unwrap_err().to_string().contains("1 to 100000"));
        config.steps = 10;
        config.clip = Some(f64::NAN);
        assert!(config.check().unwrap_err().to_string().contains("NaN"));
        config.clip = None;
        config.betas = BetaSchedule::Linear(0.1, 1.5);
        assert!(config.check().unwrap_err().to_string().contains("1.5"));
        let text = schedule(Prediction::Epsilon).timesteps(101).unwrap_err().to_string();
        assert!(text.contains("1 to 100"), "{text}");
    }
}
