//! Rectified flow: the straight path between data and noise, its velocity, the times at which a sampler stops.
//!
//! Convention (that of Stable Diffusion 3 and LTX-Video): t = 0 is data, t = 1 is noise,
//! x_t = (1 − t) · x₀ + t · ε, velocity u = dx_t/dt = ε − x₀; sampling integrates from 1 to 0. Lipman et al. 2023 and
//! Liu et al. 2023 run time the other way. ε need not be white: flow matching only asks that it can be sampled.

use burn::tensor::Tensor;

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
}

/// The times of a sampler: equally spaced, then shifted, t ↦ s·t / (1 + (s − 1)·t) (Esser et al. 2024, eq. 23): s > 1
/// spends more steps near the noise, s < 1 more near the data.
#[derive(Clone, Debug, PartialEq)]
pub struct FlowSchedule {
    times: Vec<f64>,
}

impl FlowSchedule {
    /// `steps + 1` falling times, the first 1, the last 0.
    ///
    /// # Errors
    /// No steps, or a shift that is not a finite number above 0.
    pub fn new(steps: usize, shift: f64) -> Result<Self, FlowError> {
        if steps == 0 {
            return Err(FlowError::NoSteps);
        }
        if !(shift.is_finite() && shift > 0.0) {
            return Err(FlowError::Shift { found: shift });
        }
        let times = (0..=steps).rev().map(|i| i as f64 / steps as f64);
        Ok(Self {
            times: times.map(|t| shift * t / (1.0 + (shift - 1.0) * t)).collect(),
        })
    }

    /// The times, falling from 1 to 0.
    pub fn times(&self) -> &[f64] {
        &self.times
    }

    /// Integrates dx/dt = `velocity(x, t)` from noise to data with [`euler_step`].
    pub fn integrate<const D: usize>(
        &self,
        noise: Tensor<D>,
        mut velocity: impl FnMut(Tensor<D>, f64) -> Tensor<D>,
    ) -> Tensor<D> {
        self.times.windows(2).fold(noise, |x, t| {
            let u = velocity(x.clone(), t[0]);
            euler_step(x, u, t[0], t[1])
        })
    }
}
