//! Rectified flow: the straight path between data and noise, its velocity, the times at which a sampler stops.
//!
//! Convention (that of Stable Diffusion 3 and LTX-Video): t = 0 is data, t = 1 is noise,
//! x_t = (1 − t) · x₀ + t · ε, velocity u = dx_t/dt = ε − x₀; sampling integrates from 1 to 0. Lipman et al. 2023 and
//! Liu et al. 2023 run time the other way. ε need not be white: flow matching only asks that it can be sampled.

use burn::tensor::Tensor;

use crate::scheduler::Scheduler;

/// The point of the path, x_t = (1 − t) · x₀ + t · ε, for `[batch, …]` data and noise and `[batch]` times (Lipman et al.
/// 2023, eq. 22 with σ_min = 0; Liu et al. 2023, eq. 1).
pub fn noised<const D: usize>(data: Tensor<D>, noise: Tensor<D>, t: Tensor<1>) -> Tensor<D> {
    let mut shape = [1; D];
    shape[0] = t.dims()[0];
    let t = t.reshape::<D, _>(shape);
    data.clone() + t * (noise - data)
}

/// The target of the regression, u = ε − x₀ (Lipman et al. 2023, eq. 23).
pub fn velocity<const D: usize>(data: Tensor<D>, noise: Tensor<D>) -> Tensor<D> {
    noise - data
}

/// One Euler step along the velocity from `t` to `next`: x + (next − t) · u.
pub fn euler_step<const D: usize>(x: Tensor<D>, velocity: Tensor<D>, t: f64, next: f64) -> Tensor<D> {
    x + velocity.mul_scalar(next - t)
}

/// Why there is no schedule.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum FlowError {
    /// A sampler that takes no step returns noise.
    #[error("a sampler of 0 steps was asked for; expected at least 1 (20 to 50 are usual)")]
    NoSteps,
    /// The shift must keep the order of the times.
    #[error("the time shift is {found}; expected a finite number above 0 (1 leaves the times as they are)")]
    Shift {
        /// What was given.
        found: f64,
    },
    /// A setting of a published schedule that cannot be.
    #[error("{setting} of the schedule is {found}; expected {expected}")]
    Setting {
        /// Its name.
        setting: &'static str,
        /// Its value.
        found: String,
        /// What it should be.
        expected: &'static str,
    },
}

/// Tokens whose times differ by less are at the same time.
const SAME_TIME: f64 = 1e-6;

/// The times of a sampler, falling from the noisiest to 0. As a [`Scheduler`] it integrates dx/dt = velocity with [`euler_step`].
#[derive(Clone, Debug, PartialEq)]
pub struct FlowSchedule {
    times: Vec<f64>,
}

impl FlowSchedule {
    /// `steps + 1` falling times, the first 1, the last 0: equally spaced, then [shifted](Self::shifted).
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

    /// `steps` equally spaced times from `first` to `last`, then 0. Published schedules with `last` = 0.001 begin so.
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

    /// In u = 1 − t: the first half of the steps linear from 0 to `threshold`, the others a parabola from there to 1 that
    /// goes on with the same slope (Polyak et al. 2024, *Movie Gen*, section 3.4.2, and the published LTX-Video).
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
        // u(half + k) = threshold + slope · k + bend · k², and u(steps) = 1. A single step begins at the noise.
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

    /// t ↦ s·t / (1 + (s − 1)·t) (Esser et al. 2024, eq. 23): s > 1 spends more steps near the noise, s < 1 more near the
    /// data. The "exponential" shift by μ of published schedules is s = e^μ, their "linear" one s = μ.
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

    /// Stretched about 1 so that the last time before 0 is `last`: t ↦ 1 − (1 − t) · (1 − last) / (1 − t_last).
    #[must_use]
    pub fn stretched(mut self, last: f64) -> Self {
        let end = self.times.len() - 2;
        let scale = (1.0 - last) / (1.0 - self.times[end]);
        // A schedule of one step has nothing to stretch.
        if scale.is_finite() {
            for t in &mut self.times[..=end] {
                *t = 1.0 - (1.0 - *t) * scale;
            }
        }
        self
    }

    /// The same number of times between the same ends, equally spaced in t^(1/ρ) (Karras et al. 2022, eq. 5).
    #[must_use]
    pub fn karras(mut self, rho: f64) -> Self {
        let end = self.times.len() - 2;
        let (first, last) = (self.times[0].powf(1.0 / rho), self.times[end].powf(1.0 / rho));
        for (i, t) in self.times[..=end].iter_mut().enumerate() {
            *t = (first + i as f64 / end.max(1) as f64 * (last - first)).powf(rho);
        }
        self
    }

    /// The times, falling to 0.
    pub fn times(&self) -> &[f64] {
        &self.times
    }

    /// The next lower time of the schedule.
    pub fn below(&self, t: f64) -> f64 {
        self.times
            .iter()
            .copied()
            .find(|next| *next < t - SAME_TIME)
            .unwrap_or(0.0)
    }

    /// One Euler step of tokens that are each at a time of their own, `[batch, tokens, channels]` with `times` token after
    /// token: each goes from its time to the schedule's next lower one.
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

    /// `output` is the velocity.
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
