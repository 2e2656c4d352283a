//! Diffusion parametrized by the noise level σ (EDM): the preconditioned denoiser and the noise levels of a sampler.
//!
//! Source: Karras et al., *Elucidating the Design Space of Diffusion-Based Generative Models*, NeurIPS 2022 (table 1,
//! eq. 5 and 7, algorithm 1). Values equal those of the Python package `diffusers` (`EDMEulerScheduler`), in single
//! precision.
//!
//! Convention: x = x₀ + σ · ε; the network F takes c_in · x and the time c_noise, and D(x, σ) = c_skip · x + c_out ·
//! F(c_in · x, c_noise) estimates x₀.

use burn::tensor::Tensor;
use serde::{Deserialize, Serialize};

use crate::scheduler::Scheduler;

/// Spacing of the noise levels, from the largest to the smallest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SigmaSpacing {
    /// Equal steps in σ^(1/ρ) (Karras et al. 2022, eq. 5).
    Karras,
    /// Equal steps in ln σ.
    Exponential,
}

/// Parametrization of the network's output, which determines the sign of c_out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum EdmPrediction {
    /// c_out = σ · σ_d / √(σ² + σ_d²), as in the paper.
    #[serde(rename = "epsilon")]
    Epsilon,
    /// The same with a negative sign: the network predicts the velocity of the variance-preserving path.
    #[serde(rename = "v_prediction")]
    Velocity,
}

/// Noise level after the last evaluation of the network.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LastSigma {
    /// `sigma_min` again, so the last step does not change the sample.
    SigmaMin,
    /// Zero noise: the last step returns the estimate of x₀.
    Zero,
}

/// Settings of a preconditioned denoiser and its noise levels. Field names are those of a published
/// `scheduler_config.json`; other fields of the file are ignored.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct EdmConfig {
    /// Smallest noise level.
    pub sigma_min: f64,
    /// Largest noise level, at which sampling begins.
    pub sigma_max: f64,
    /// Standard deviation of the data.
    pub sigma_data: f64,
    /// Spacing of the noise levels.
    pub sigma_schedule: SigmaSpacing,
    /// Exponent ρ of the Karras spacing.
    pub rho: f64,
    /// Parametrization of the network's output.
    pub prediction_type: EdmPrediction,
    /// Noise level that the last step leads to.
    pub final_sigmas_type: LastSigma,
}

impl Default for EdmConfig {
    /// Settings of Cosmos-Predict1.
    fn default() -> Self {
        Self {
            sigma_min: 0.002,
            sigma_max: 80.0,
            sigma_data: 0.5,
            sigma_schedule: SigmaSpacing::Karras,
            rho: 7.0,
            prediction_type: EdmPrediction::Epsilon,
            final_sigmas_type: LastSigma::SigmaMin,
        }
    }
}

/// Errors from schedule construction.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum EdmError {
    /// No steps, which would return pure noise.
    #[error("a sampler of 0 steps was asked for; expected at least 1 (35 are usual)")]
    NoSteps,
    /// A setting out of range.
    #[error("{setting} is {found}; expected {expected}")]
    Setting {
        /// Name of the setting.
        setting: &'static str,
        /// Its value.
        found: f64,
        /// Description of the valid values.
        expected: &'static str,
    },
}

/// Factors of the preconditioning at one noise level (Karras et al. 2022, table 1).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct EdmFactors {
    /// Factor on the network's input.
    pub c_in: f32,
    /// Factor on x in the estimate.
    pub c_skip: f32,
    /// Factor on the network's output in the estimate.
    pub c_out: f32,
    /// Time passed to the network, ln σ / 4.
    pub c_noise: f32,
    /// Weight of the estimate's squared error in training, (σ² + σ_d²) / (σ · σ_d)².
    pub weight: f32,
}

impl EdmConfig {
    /// Checks the settings.
    ///
    /// # Errors
    /// The first setting out of range.
    pub fn check(&self) -> Result<(), EdmError> {
        let positive = |setting, found: f64| match found.is_finite() && found > 0.0 {
            true => Ok(()),
            false => Err(EdmError::Setting {
                setting,
                found,
                expected: "a finite number above 0",
            }),
        };
        positive("sigma_min", self.sigma_min)?;
        positive("sigma_max", self.sigma_max)?;
        positive("sigma_data", self.sigma_data)?;
        positive("rho", self.rho)?;
        if self.sigma_min >= self.sigma_max {
            return Err(EdmError::Setting {
                setting: "sigma_max",
                found: self.sigma_max,
                expected: "more than sigma_min",
            });
        }
        Ok(())
    }

    /// Returns the preconditioning at a noise level.
    pub fn at(&self, sigma: f32) -> EdmFactors {
        let data = self.sigma_data as f32;
        let square = sigma * sigma + data * data;
        let c_out = sigma * data / square.sqrt();
        EdmFactors {
            c_in: 1.0 / square.sqrt(),
            c_skip: data * data / square,
            c_out: match self.prediction_type {
                EdmPrediction::Epsilon => c_out,
                EdmPrediction::Velocity => -c_out,
            },
            c_noise: 0.25 * sigma.ln(),
            weight: square / (sigma * data).powi(2),
        }
    }

    /// Creates the schedule of a sampler with `steps` steps.
    ///
    /// # Errors
    /// No steps, or a setting out of range.
    pub fn schedule(&self, steps: usize) -> Result<EdmSchedule, EdmError> {
        self.check()?;
        if steps == 0 {
            return Err(EdmError::NoSteps);
        }
        let intervals = (steps.max(2) - 1) as f64;
        let spaced = |i: usize| match self.sigma_schedule {
            SigmaSpacing::Karras => {
                let root = |sigma: f64| sigma.powf(1.0 / self.rho);
                let (first, last) = (root(self.sigma_max), root(self.sigma_min));
                (first + i as f64 / intervals * (last - first)).powf(self.rho) as f32
            }
            SigmaSpacing::Exponential => {
                // Computed from the small end and reversed; in single precision from the nearer end, like
                // torch.linspace.
                let (first, last) = (self.sigma_min.ln() as f32, self.sigma_max.ln() as f32);
                let step = (last - first) / intervals as f32;
                let i = steps - 1 - i;
                match i < steps / 2 || steps == 1 {
                    true => (first + step * i as f32).exp(),
                    false => (last - step * (steps - 1 - i) as f32).exp(),
                }
            }
        };
        let mut sigmas: Vec<f32> = (0..steps).map(spaced).collect();
        sigmas.push(match self.final_sigmas_type {
            LastSigma::SigmaMin => sigmas[steps - 1],
            LastSigma::Zero => 0.0,
        });
        Ok(EdmSchedule { config: *self, sigmas })
    }
}

/// Noise levels of an EDM sampler, and its Euler steps.
#[derive(Clone, Debug, PartialEq)]
pub struct EdmSchedule {
    config: EdmConfig,
    sigmas: Vec<f32>,
}

impl EdmSchedule {
    /// Settings of the schedule.
    pub fn config(&self) -> &EdmConfig {
        &self.config
    }

    /// Number of steps.
    pub fn steps(&self) -> usize {
        self.sigmas.len() - 1
    }

    /// Noise levels in decreasing order; one more than the number of steps.
    pub fn sigmas(&self) -> &[f32] {
        &self.sigmas
    }

    /// Returns the preconditioning at step `step`, counted from 0.
    pub fn at(&self, step: usize) -> EdmFactors {
        self.config.at(self.sigmas[step])
    }

    /// Times passed to the network, one per step.
    pub fn c_noise(&self) -> Vec<f32> {
        (0..self.steps()).map(|step| self.at(step).c_noise).collect()
    }

    /// Returns the network's input at a step, c_in · x.
    pub fn scaled<const D: usize>(&self, x: Tensor<D>, step: usize) -> Tensor<D> {
        x.mul_scalar(self.at(step).c_in)
    }

    /// Returns the estimate of x₀, given x and the network's output at a step.
    pub fn denoised<const D: usize>(&self, x: Tensor<D>, output: Tensor<D>, step: usize) -> Tensor<D> {
        let factors = self.at(step);
        x.mul_scalar(factors.c_skip) + output.mul_scalar(factors.c_out)
    }
}

impl Scheduler for EdmSchedule {
    /// Noise level σ. The network takes [`EdmFactors::c_noise`] instead.
    type Time = f32;

    fn timesteps(&self) -> &[f32] {
        &self.sigmas[..self.steps()]
    }

    fn add_noise<const D: usize>(&self, clean: Tensor<D>, noise: Tensor<D>, step: usize) -> Tensor<D> {
        clean + noise.mul_scalar(self.timesteps()[step])
    }

    /// Takes one Euler step to the next noise level along dx/dσ = (x − x̂₀) / σ (Karras et al. 2022, algorithm 1,
    /// without the second-order correction). `output` is the estimate x̂₀ of [`EdmSchedule::denoised`], after guidance.
    fn step<const D: usize>(
        &self,
        x: Tensor<D>,
        output: Tensor<D>,
        step: usize,
        _draw: impl FnMut(&Tensor<D>) -> Tensor<D>,
    ) -> Tensor<D> {
        let (sigma, next) = (self.sigmas[step], self.sigmas[step + 1]);
        let slope = (x.clone() - output).div_scalar(sigma);
        x + slope.mul_scalar(next - sigma)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use burn::tensor::Device;

    use super::*;

    #[test]
    fn levels_fall_from_the_largest_to_the_smallest() {
        for spacing in [SigmaSpacing::Karras, SigmaSpacing::Exponential] {
            let config = EdmConfig {
                sigma_schedule: spacing,
                ..EdmConfig::default()
            };
            let sigmas = config.schedule(7).unwrap().sigmas().to_vec();
            assert!((sigmas[0] - 80.0).abs() < 1e-4 && (sigmas[6] - 0.002).abs() < 1e-7);
            assert!(sigmas.windows(2).take(6).all(|pair| pair[0] > pair[1]), "{sigmas:?}");
            assert!((sigmas[7] - 0.002).abs() < 1e-9);
        }
        // (80^(1/7) + 0.002^(1/7))^7 / 2^7
        let middle = EdmConfig::default().schedule(3).unwrap().sigmas()[1];
        assert!((middle - 2.515_219).abs() < 1e-5, "{middle}");
        assert!((EdmConfig::default().schedule(1).unwrap().sigmas()[0] - 80.0).abs() < 1e-4);
    }

    #[test]
    fn an_exact_denoiser_is_followed_to_its_answer() {
        let device = Device::flex();
        let config = EdmConfig {
            final_sigmas_type: LastSigma::Zero,
            ..EdmConfig::default()
        };
        let schedule = config.schedule(4).unwrap();
        let answer = Tensor::<1>::from_floats([0.25, -1.5], &device);
        let mut x = Tensor::<1>::from_floats([80.0, 40.0], &device);
        for step in 0..schedule.steps() {
            // The network output whose estimate is the clean sample, for either sign.
            let factors = schedule.at(step);
            let output = (answer.clone() - x.clone().mul_scalar(factors.c_skip)).div_scalar(factors.c_out);
            let denoised = schedule.denoised(x.clone(), output, step);
            x = schedule.step(x, denoised, step, Tensor::zeros_like);
        }
        let found: Vec<f32> = x.into_data().iter::<f32>().collect();
        assert!(
            (found[0] - 0.25).abs() < 1e-4 && (found[1] + 1.5).abs() < 1e-4,
            "{found:?}"
        );
    }

    #[test]
    fn what_is_no_schedule_is_refused() {
        assert_eq!(EdmConfig::default().schedule(0), Err(EdmError::NoSteps));
        let refused = |change: fn(&mut EdmConfig)| {
            let mut config = EdmConfig::default();
            change(&mut config);
            config.schedule(4).unwrap_err().to_string()
        };
        assert!(refused(|c| c.sigma_min = 0.0).contains("sigma_min is 0"));
        assert!(refused(|c| c.rho = f64::NAN).contains("rho is NaN"));
        assert!(refused(|c| c.sigma_max = 0.001).contains("more than sigma_min"));
    }
}
