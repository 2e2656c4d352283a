//! Improved DDPM: cosine schedule, learned variances, and sampling with fewer steps than in training.
//!
//! Source: Nichol & Dhariwal, *Improved Denoising Diffusion Probabilistic Models*, ICML 2021, sections 3.1, 3.2 and 4.
//! For a vector of C values the network returns 2C: the noise ε and v, which interpolates the log variance between that
//! of the posterior β̃ₜ (v = −1) and that of βₜ (v = 1).

use burn::tensor::activation::tanh;
use burn::tensor::{Device, Tensor};

use crate::noise::NoiseError;
use crate::scheduler::Scheduler;

/// Upper limit of βₜ (section 3.2).
const MOST: f64 = 0.999;
/// Half a level of an 8-bit image in [−1, 1]: half the bin width in the likelihood of the last step.
const HALF_BIN: f64 = 1.0 / 255.0;
/// Lower limit of probabilities before the logarithm.
const LEAST: f64 = 1e-12;

/// Noise schedule with learned variances: T steps, of which some are kept, either those of a sampler or all of them for
/// training.
#[derive(Clone, Debug, PartialEq)]
pub struct LearnedVarianceSchedule {
    /// Kept steps in increasing order.
    timesteps: Vec<usize>,
    betas: Vec<f64>,
    rows: Vec<Coefficients>,
}

/// Coefficients at one kept step.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Coefficients {
    /// √ᾱ and √(1 − ᾱ).
    data: f64,
    noise: f64,
    /// Coefficients of x₀ and xₜ in the mean of the posterior (Ho et al. 2020, eq. 7).
    mean_data: f64,
    mean_noised: f64,
    /// ln β̃ and ln β. At the first step, where ln β̃ would be −∞, it is that of the second step.
    log_least: f64,
    log_most: f64,
}

/// Settings of a [`LearnedVarianceSampler`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sampling {
    /// Factor on the noise that each step adds.
    pub temperature: f64,
    /// Whether predicted clean vectors are clipped to [−1, 1].
    pub clip: bool,
}

impl LearnedVarianceSchedule {
    /// Creates a cosine schedule of T = `steps` steps, βₜ = min(0.999, 1 − ᾱ((t + 1)/T)/ᾱ(t/T)) with ᾱ(s) = cos²(π/2 ·
    /// (s + 0.008)/1.008) (eq. 17), and keeps `kept` of them, evenly spaced from the first to the last (section 4).
    ///
    /// # Errors
    /// Fewer than 2 or more than 100,000 steps, fewer than 2 kept steps, or more than there are.
    pub fn cosine(steps: usize, kept: usize) -> Result<Self, NoiseError> {
        if !(2..=100_000).contains(&steps) {
            let expected = "2 to 100000".to_string();
            return Err(NoiseError::Steps { found: steps, expected });
        }
        if !(2..=steps).contains(&kept) {
            let expected = format!("2 to {steps}");
            return Err(NoiseError::Steps { found: kept, expected });
        }
        let bar = |t: usize| {
            let s = t as f64 / steps as f64;
            ((s + 0.008) / 1.008 * std::f64::consts::PI / 2.0).cos().powi(2)
        };
        let mut product = 1.0;
        let cumulate = |t| {
            product *= 1.0 - (1.0 - bar(t + 1) / bar(t)).min(MOST);
            product
        };
        let all: Vec<f64> = (0..steps).map(cumulate).collect();
        // As in the published code, positions are summed step by step, and halves are rounded to even.
        let stride = (steps - 1) as f64 / (kept - 1) as f64;
        let mut position = 0.0_f64;
        let mut timesteps = Vec::with_capacity(kept);
        for _ in 0..kept {
            timesteps.push((position.round_ties_even() as usize).min(steps - 1));
            position += stride;
        }
        let mut last = 1.0;
        let beta = |t: &usize| {
            let beta = 1.0 - all[*t] / last;
            last = all[*t];
            beta
        };
        let betas: Vec<f64> = timesteps.iter().map(beta).collect();
        Ok(Self {
            rows: coefficients(&betas),
            timesteps,
            betas,
        })
    }

    /// Kept steps in increasing order.
    pub fn timesteps(&self) -> &[usize] {
        &self.timesteps
    }

    /// Variances between the kept steps.
    pub fn betas(&self) -> &[f64] {
        &self.betas
    }

    /// Adds noise to vectors `[n, c]`, each at its own kept step: xₜ = √ᾱ x₀ + √(1 − ᾱ) ε (Ho et al. 2020, eq. 4).
    pub fn noised(&self, data: Tensor<2>, noise: Tensor<2>, steps: &[usize]) -> Tensor<2> {
        let device = data.device();
        data * self.column(steps, |row| row.data, &device) + noise * self.column(steps, |row| row.noise, &device)
    }

    /// Returns the loss of each vector, `[n]`: mean squared error of ε plus the variational bound in bits, whose
    /// gradient only reaches v (section 3.1, eq. 16). `output`, `[n, 2c]`, is the network's output for `noised` at
    /// `steps`.
    pub fn loss(
        &self,
        output: Tensor<2>,
        data: Tensor<2>,
        noised: Tensor<2>,
        noise: Tensor<2>,
        steps: &[usize],
    ) -> Tensor<1> {
        let device = data.device();
        let column = |of: fn(&Coefficients) -> f64| self.column(steps, of, &device);
        let channels = data.dims()[1];
        let epsilon = output.clone().narrow(1, 0, channels);
        let v = output.narrow(1, channels, channels);
        let mse = (noise - epsilon.clone()).powi_scalar(2).mean_dim(1);

        let clean = (noised.clone() - epsilon.detach() * column(|row| row.noise)) / column(|row| row.data);
        let mean =
            |clean: Tensor<2>| clean * column(|row| row.mean_data) + noised.clone() * column(|row| row.mean_noised);
        let (least, most) = (column(|row| row.log_least), column(|row| row.log_most));
        let share = v.add_scalar(1.0).div_scalar(2.0);
        let log_variance = share.clone() * most + share.neg().add_scalar(1.0) * least.clone();
        let (true_mean, mean) = (mean(data.clone()), mean(clean));
        let kl = (log_variance.clone() - least.clone()
            + (least - log_variance.clone()).exp()
            + (true_mean - mean.clone()).powi_scalar(2) * log_variance.clone().neg().exp())
        .sub_scalar(1.0)
        .mul_scalar(0.5);
        let last = likelihood(data, mean, log_variance.mul_scalar(0.5)).neg();
        let first: Vec<f32> = steps.iter().map(|&step| f32::from(u8::from(step == 0))).collect();
        let first = Tensor::<1>::from_floats(first.as_slice(), &device).unsqueeze_dim::<2>(1);
        let bound = last * first.clone() + kl * first.neg().add_scalar(1.0);
        let bits = bound.mean_dim(1).div_scalar(std::f64::consts::LN_2);
        (mse + bits).squeeze_dim(1)
    }

    /// Returns the sampler over the kept steps.
    pub fn sampler(&self, sampling: Sampling) -> LearnedVarianceSampler<'_> {
        LearnedVarianceSampler {
            schedule: self,
            timesteps: self.timesteps.iter().rev().copied().collect(),
            sampling,
        }
    }

    /// Returns one coefficient of each vector's step, `[n, 1]`.
    fn column(&self, steps: &[usize], of: fn(&Coefficients) -> f64, device: &Device) -> Tensor<2> {
        let values: Vec<f32> = steps.iter().map(|&step| of(&self.rows[step]) as f32).collect();
        Tensor::<1>::from_floats(values.as_slice(), device).unsqueeze_dim(1)
    }
}

/// Sampler of a [`LearnedVarianceSchedule`], from the last kept step to the first. Created by
/// [`LearnedVarianceSchedule::sampler`].
///
/// Samples are `[n, c, …]`, the model's output `[n, 2c, …]`: ε, then v.
#[derive(Clone, Debug, PartialEq)]
pub struct LearnedVarianceSampler<'a> {
    schedule: &'a LearnedVarianceSchedule,
    timesteps: Vec<usize>,
    sampling: Sampling,
}

impl LearnedVarianceSampler<'_> {
    /// Coefficients of a sampling step; the schedule lists kept steps in increasing order.
    fn row(&self, step: usize) -> &Coefficients {
        &self.schedule.rows[self.timesteps.len() - 1 - step]
    }
}

impl Scheduler for LearnedVarianceSampler<'_> {
    /// Step of the full schedule.
    type Time = usize;

    fn timesteps(&self) -> &[usize] {
        &self.timesteps
    }

    fn add_noise<const D: usize>(&self, clean: Tensor<D>, noise: Tensor<D>, step: usize) -> Tensor<D> {
        let row = self.row(step);
        clean.mul_scalar(row.data as f32) + noise.mul_scalar(row.noise as f32)
    }

    /// Takes one sampling step. `output` is ε and v along the second axis; the last step draws no noise.
    fn step<const D: usize>(
        &self,
        x: Tensor<D>,
        output: Tensor<D>,
        step: usize,
        mut draw: impl FnMut(&Tensor<D>) -> Tensor<D>,
    ) -> Tensor<D> {
        let row = self.row(step);
        let channels = x.dims()[1];
        let epsilon = output.clone().narrow(1, 0, channels);
        let clean = x.clone().mul_scalar((1.0 / row.data) as f32) - epsilon.mul_scalar((row.noise / row.data) as f32);
        let clean = if self.sampling.clip {
            clean.clamp(-1.0, 1.0)
        } else {
            clean
        };
        let mean = clean.mul_scalar(row.mean_data as f32) + x.mul_scalar(row.mean_noised as f32);
        if step + 1 == self.timesteps.len() {
            return mean;
        }
        let share = output.narrow(1, channels, channels).add_scalar(1.0).div_scalar(2.0);
        let log_variance = share.clone().mul_scalar(row.log_most as f32)
            + share.neg().add_scalar(1.0).mul_scalar(row.log_least as f32);
        let noise = draw(&mean);
        mean + log_variance.mul_scalar(0.5).exp() * noise.mul_scalar(self.sampling.temperature)
    }
}

fn coefficients(betas: &[f64]) -> Vec<Coefficients> {
    let mut bar = 1.0;
    let mut variances = Vec::with_capacity(betas.len());
    let mut rows = Vec::with_capacity(betas.len());
    for beta in betas {
        let before: f64 = bar;
        bar *= 1.0 - beta;
        variances.push(beta * (1.0 - before) / (1.0 - bar));
        rows.push(Coefficients {
            data: bar.sqrt(),
            noise: (1.0 - bar).sqrt(),
            mean_data: beta * before.sqrt() / (1.0 - bar),
            mean_noised: (1.0 - before) * (1.0 - beta).sqrt() / (1.0 - bar),
            log_least: 0.0,
            log_most: beta.ln(),
        });
    }
    for (step, row) in rows.iter_mut().enumerate() {
        row.log_least = variances[step.max(1)].ln();
    }
    rows
}

/// Log probability that a Gaussian assigns to the level of `x`, one of 256 levels between −1 and 1.
fn likelihood(x: Tensor<2>, mean: Tensor<2>, log_deviation: Tensor<2>) -> Tensor<2> {
    let centered = x.clone() - mean;
    let precision = log_deviation.neg().exp();
    // Tanh approximation of the normal distribution function (Hendrycks & Gimpel 2016, page 2).
    let integral = |bound: Tensor<2>| {
        let cubic = bound.clone() + bound.powi_scalar(3).mul_scalar(0.044_715);
        tanh(cubic.mul_scalar((2.0 / std::f64::consts::PI).sqrt()))
            .add_scalar(1.0)
            .mul_scalar(0.5)
    };
    let above = integral(precision.clone() * centered.clone().add_scalar(HALF_BIN));
    let below = integral(precision * centered.sub_scalar(HALF_BIN));
    let log = |p: Tensor<2>| p.clamp_min(LEAST).log();
    let inside = log(above.clone() - below.clone());
    // The outermost levels have no outer bound.
    let lowest = x.clone().lower_elem(-0.999);
    let highest = x.greater_elem(0.999);
    inside
        .mask_where(highest, log(below.neg().add_scalar(1.0)))
        .mask_where(lowest, log(above))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_steps_are_kept_in_training_and_the_ends_when_sampling() {
        let all = LearnedVarianceSchedule::cosine(1000, 1000).unwrap();
        assert!(all.timesteps().iter().copied().eq(0..1000));
        let some = LearnedVarianceSchedule::cosine(1000, 100).unwrap();
        assert_eq!(
            (some.timesteps().len(), some.timesteps()[0], some.timesteps()[99]),
            (100, 0, 999)
        );
        for kept in [0, 1, 1001] {
            let text = LearnedVarianceSchedule::cosine(1000, kept).unwrap_err().to_string();
            assert!(text.contains("2 to 1000"), "{text}");
        }
    }

    #[test]
    fn a_perfect_network_is_followed_to_the_data() {
        let device = Device::flex();
        let data = Tensor::<2>::from_floats([[0.3, -0.8]], &device);
        let schedule = LearnedVarianceSchedule::cosine(1000, 20).unwrap();
        let start = Tensor::from_floats([[1.0, 0.5]], &device);
        let sampling = Sampling {
            temperature: 0.0,
            clip: false,
        };
        let mut step = 20;
        let network = |x: Tensor<2>, timestep: usize| {
            step -= 1;
            assert_eq!(schedule.timesteps()[step], timestep);
            let row = schedule.rows[step];
            let epsilon = (x - data.clone().mul_scalar(row.data)).div_scalar(row.noise);
            Tensor::cat(vec![epsilon.clone(), epsilon.zeros_like()], 1)
        };
        let x = schedule.sampler(sampling).sample(start, network, Tensor::zeros_like);
        let error: f32 = (x - data.clone()).abs().max().into_scalar();
        assert!(error < 1e-4, "{error}");
    }

    #[test]
    fn the_loss_of_the_noise_itself_is_the_bound_alone_and_smallest_at_the_posterior() {
        let device = Device::flex();
        let schedule = LearnedVarianceSchedule::cosine(1000, 1000).unwrap();
        let data = Tensor::<2>::from_floats([[0.3, -0.8], [0.1, 0.2]], &device);
        let noise = Tensor::<2>::from_floats([[1.0, -0.4], [0.5, -1.5]], &device);
        let steps = [500, 20];
        let noised = schedule.noised(data.clone(), noise.clone(), &steps);
        let loss = |v: f32| -> Vec<f32> {
            let output = Tensor::cat(vec![noise.clone(), noise.full_like(v)], 1);
            let loss = schedule.loss(output, data.clone(), noised.clone(), noise.clone(), &steps);
            loss.into_data().try_to_vec().unwrap()
        };
        for (least, more) in loss(-1.0).into_iter().zip(loss(1.0)) {
            assert!(least.abs() < 1e-5 && more > least, "{least} {more}");
        }
    }
}
