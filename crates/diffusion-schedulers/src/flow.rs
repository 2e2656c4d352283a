//! Rectified flow: the straight path between data and noise, its velocity, and the times of a sampler.
//!
//! Convention (as in Stable Diffusion 3 and LTX-Video): t = 0 is data, t = 1 is noise, x_t = (1 − t) · x₀ + t · ε,
//! velocity u = dx_t/dt = ε − x₀; sampling integrates from 1 to 0. In Lipman et al. 2023 and Liu et al. 2023 time runs
//! the other way. ε need not be white noise: flow matching only requires that it can be sampled.

use burn::tensor::Tensor;

use crate::scheduler::Scheduler;

/// Interpolates between data and noise, x_t = (1 − t) · x₀ + t · ε, for `[batch, …]` data and noise and `[batch]` times
/// (Lipman et al. 2023, eq. 22 with σ_min = 0; Liu et al. 2023, eq. 1).
pub fn noised<const D: usize>(data: Tensor<D>, noise: Tensor<D>, t: Tensor<1>) -> Tensor<D> {
    let mut shape = [1; D];
    shape[0] = t.dims()[0];
    let t = t.reshape::<D, _>(shape);
    data.clone() + t * (noise - data)
}

/// Regression target of flow matching, the velocity u = ε − x₀ (Lipman et al. 2023, eq. 23).
pub fn velocity<const D: usize>(data: Tensor<D>, noise: Tensor<D>) -> Tensor<D> {
    noise - data
}

/// Takes one Euler step along the velocity from time `t` to `next`: x + (next − t) · u.
pub fn euler_step<const D: usize>(x: Tensor<D>, velocity: Tensor<D>, t: f64, next: f64) -> Tensor<D> {
    x + velocity.mul_scalar(next - t)
}

/// Errors from schedule construction.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum FlowError {
    /// No steps, which would return pure noise.
    #[error("a sampler of 0 steps was asked for; expected at least 1 (20 to 50 are usual)")]
    NoSteps,
    /// A shift that does not preserve the order of the times.
    #[error("the time shift is {found}; expected a finite number above 0 (1 leaves the times as they are)")]
    Shift {
        /// Value of the shift.
        found: f64,
    },
    /// A setting of a published schedule that is out of range or not supported.
    #[error("{setting} of the schedule is {found}; expected {expected}")]
    Setting {
        /// Name of the setting.
        setting: &'static str,
        /// Its value.
        found: String,
        /// Description of the valid values.
        expected: &'static str,
    },
}

/// Tolerance within which the times of two tokens count as equal.
const SAME_TIME: f64 = 1e-6;

/// Times of a flow-matching sampler, from the noisiest down to 0. As a [`Scheduler`] it integrates dx/dt = velocity
/// with [`euler_step`].
#[derive(Clone, Debug, PartialEq)]
pub struct FlowSchedule {
    times: Vec<f64>,
}

impl FlowSchedule {
    /// Creates `steps + 1` decreasing times from 1 to 0: equally spaced, then [shifted](Self::shifted).
    ///
    /// # Errors
    /// No steps, or a shift that is not a finite number above 0.
    pub fn new(steps: usize, shift: f64) -> Result<Self, FlowError> {
        if steps == 0 {
            return Err(FlowError::NoSteps);
        }
        let times = (0..=steps).rev().map(|i| i as f64 / steps as f64).collect();
        Self { times }.shifted(shift)
    }

    /// Creates `steps` equally spaced times from `first` to `last`, then 0. Published schedules with `last` = 0.001
    /// start this way.
    ///
    /// # Errors
    /// No steps.
    pub fn spaced(steps: usize, first: f64, last: f64) -> Result<Self, FlowError> {
        if steps == 0 {
            return Err(FlowError::NoSteps);
        }
        let part = |i: usize| i as f64 / (steps - 1).max(1) as f64;
        let times = (0..steps).map(|i| first + (last - first) * part(i));
        Ok(Self {
            times: times.chain([0.0]).collect(),
        })
    }

    /// Creates a linear-quadratic schedule. In u = 1 − t, the first half of the steps is linear from 0 to `threshold`;
    /// the others follow a parabola from there to 1 that continues with the same slope (Polyak et al. 2024, *Movie
    /// Gen*, section 3.4.2, and the published LTX-Video).
    ///
    /// # Errors
    /// No steps.
    pub fn linear_quadratic(steps: usize, threshold: f64) -> Result<Self, FlowError> {
        if steps == 0 {
            return Err(FlowError::NoSteps);
        }
        let half = (steps / 2) as f64;
        let rest = steps as f64 - half;
        let slope = if half > 0.0 { threshold / half } else { 0.0 };
        // u(half + k) = threshold + slope · k + bend · k², and u(steps) = 1. A single step starts at the noise.
        let bend = (1.0 - half * slope - slope * rest) / (rest * rest);
        let time = |i: usize| {
            let (i, k) = (i as f64, i as f64 - half);
            1.0 - if k < 0.0 {
                slope * i
            } else {
                half * slope + slope * k + bend * k * k
            }
        };
        Ok(Self {
            times: (0..steps).map(time).chain([0.0]).collect(),
        })
    }

    /// Shifts the times: t ↦ s·t / (1 + (s − 1)·t) (Esser et al. 2024, eq. 23). s > 1 spends more steps near the noise,
    /// s < 1 more near the data. The "exponential" shift by μ of published schedules is s = e^μ, their "linear" shift s
    /// = μ.
    ///
    /// # Errors
    /// A shift that is not a finite number above 0.
    pub fn shifted(mut self, shift: f64) -> Result<Self, FlowError> {
        if !(shift.is_finite() && shift > 0.0) {
            return Err(FlowError::Shift { found: shift });
        }
        for t in &mut self.times {
            *t = shift * *t / (1.0 + (shift - 1.0) * *t);
        }
        Ok(self)
    }

    /// Stretches the times about 1 so that the last time before 0 is `last`: t ↦ 1 − (1 − t) · (1 − last) / (1 −
    /// t_last).
    #[must_use]
    pub fn stretched(mut self, last: f64) -> Self {
        let end = self.times.len() - 2;
        let scale = (1.0 - last) / (1.0 - self.times[end]);
        // With one step there is nothing to stretch.
        if scale.is_finite() {
            for t in &mut self.times[..=end] {
                *t = 1.0 - (1.0 - *t) * scale;
            }
        }
        self
    }

    /// Respaces the times between the same endpoints, equally in t^(1/ρ) (Karras et al. 2022, eq. 5).
    #[must_use]
    pub fn karras(mut self, rho: f64) -> Self {
        let end = self.times.len() - 2;
        let (first, last) = (self.times[0].powf(1.0 / rho), self.times[end].powf(1.0 / rho));
        for (i, t) in self.times[..=end].iter_mut().enumerate() {
            *t = (first + i as f64 / end.max(1) as f64 * (last - first)).powf(rho);
        }
        self
    }

    /// Times in decreasing order, ending with 0.
    pub fn times(&self) -> &[f64] {
        &self.times
    }

    /// Returns the next lower time of the schedule.
    pub fn below(&self, t: f64) -> f64 {
        self.times
            .iter()
            .copied()
            .find(|next| *next < t - SAME_TIME)
            .unwrap_or(0.0)
    }

    /// Takes one Euler step of tokens that each have their own time: `x` is `[batch, tokens, channels]`, `times` lists
    /// the times token by token, and each token moves to the schedule's next lower time.
    pub fn step_tokens(&self, x: Tensor<3>, velocity: Tensor<3>, times: &[f64]) -> Tensor<3> {
        let [batch, tokens, _] = x.dims();
        let steps: Vec<f32> = times.iter().map(|t| (self.below(*t) - t) as f32).collect();
        let steps = Tensor::<1>::from_floats(steps.as_slice(), &x.device());
        x + velocity * steps.reshape([batch, tokens, 1])
    }
}

impl Scheduler for FlowSchedule {
    type Time = f64;

    fn timesteps(&self) -> &[f64] {
        &self.times[..self.times.len() - 1]
    }

    fn add_noise<const D: usize>(&self, clean: Tensor<D>, noise: Tensor<D>, step: usize) -> Tensor<D> {
        clean.clone() + (noise - clean).mul_scalar(self.timesteps()[step])
    }

    /// Takes one Euler step; `output` is the velocity.
    fn step<const D: usize>(
        &self,
        x: Tensor<D>,
        output: Tensor<D>,
        step: usize,
        _draw: impl FnMut(&Tensor<D>) -> Tensor<D>,
    ) -> Tensor<D> {
        euler_step(x, output, self.times[step], self.times[step + 1])
    }
}
