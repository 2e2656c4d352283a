//! Noise schedules of DDPM. Values equal those of the Python package `diffusers`, whose tables are in single precision.

use burn::tensor::Tensor;
use serde::{Deserialize, Serialize};

/// Variances of the noise added at each step.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BetaSchedule {
    /// Cosine schedule: βₜ = 1 − ᾱ(t+1)/ᾱ(t), at most 0.999, with ᾱ(t) = cos²(π/2 · (t/T + 0.008)/1.008) (Nichol &
    /// Dhariwal 2021, eq. 17).
    #[serde(rename = "squaredcos_cap_v2")]
    SquaredCosCapV2,
    /// Equal steps from the first number to the second (Ho et al. 2020, section 4).
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

/// Settings of a [`NoiseSchedule`].
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ScheduleConfig {
    /// Number of diffusion steps.
    pub steps: usize,
    /// Variances of the noise added at each step.
    pub betas: BetaSchedule,
    /// What the network predicts.
    pub prediction: Prediction,
    /// Predicted clean samples are clipped to this magnitude when sampling.
    pub clip: Option<f64>,
}

/// Errors from schedule construction.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum NoiseError {
    /// Too few or too many steps.
    #[error("{found} diffusion steps were asked for; expected {expected}")]
    Steps {
        /// Number of steps.
        found: usize,
        /// Valid numbers of steps.
        expected: String,
    },
    /// A variance out of range.
    #[error("the betas go from {first} to {last}; expected numbers between 0 and 1")]
    Betas {
        /// First variance.
        first: f64,
        /// Last variance.
        last: f64,
    },
    /// A clipping range that is not a finite number above 0.
    #[error("samples are clipped to {found}; expected a finite number above 0")]
    Clip {
        /// Value of the range.
        found: f64,
    },
}

impl ScheduleConfig {
    /// Checks the settings.
    ///
    /// # Errors
    /// The first setting out of range.
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

/// A noise schedule with its cumulative products ᾱₜ = Π (1 − βᵢ).
#[derive(Clone, Debug, PartialEq)]
pub struct NoiseSchedule {
    config: ScheduleConfig,
    alphas_cumprod: Vec<f32>,
}

impl NoiseSchedule {
    /// Computes the tables of the schedule.
    ///
    /// # Errors
    /// As [`ScheduleConfig::check`].
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
                // Computed from the nearer end, like torch.linspace.
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

    /// Settings of the schedule.
    pub fn config(&self) -> &ScheduleConfig {
        &self.config
    }

    /// ᾱ of every step.
    pub fn alphas_cumprod(&self) -> &[f32] {
        &self.alphas_cumprod
    }

    /// Returns √ᾱ and √(1 − ᾱ) of a step (from 0), the factors on data and noise in xₜ = √ᾱ x₀ + √(1 − ᾱ) ε (Ho et al.
    /// 2020, eq. 4).
    pub fn alpha_sigma(&self, step: usize) -> (f32, f32) {
        let bar = self.alphas_cumprod[step];
        (bar.sqrt(), (1.0 - bar).sqrt())
    }

    /// Returns the clean sample (clipped if the schedule clips) and the noise implied by the network's output at
    /// `step`.
    pub(crate) fn split<const D: usize>(&self, output: Tensor<D>, step: usize, x: Tensor<D>) -> (Tensor<D>, Tensor<D>) {
        let (data, noise) = self.alpha_sigma(step);
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
}

#[cfg(test)]
mod tests {
    use super::*;

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
        for count in [0, 101] {
            let text = schedule(Prediction::Epsilon).ddpm(count).unwrap_err().to_string();
            assert!(text.contains("1 to 100"), "{text}");
        }
    }
}
