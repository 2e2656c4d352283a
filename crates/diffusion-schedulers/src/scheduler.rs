//! The common interface of all samplers.

use burn::tensor::Tensor;

/// A sampler that removes noise in steps.
///
/// A scheduler visits [`timesteps`](Self::timesteps) from the noisiest to the cleanest. Step `i` begins at
/// `timesteps()[i]` and leads to `timesteps()[i + 1]`; the last one leads to the clean sample (or to the lowest noise
/// level of the settings, see [`LastSigma`](crate::LastSigma)). Steps are numbered from 0. Methods panic on a step that
/// the scheduler does not have, like slices.
///
/// | scheduler | time | output of the model | draws noise |
/// |---|---|---|---|
/// | [`FlowSchedule`](crate::FlowSchedule) | t from 1 to 0 | velocity ε − x₀ | no |
/// | [`DdimSampler`](crate::DdimSampler) | step of the noise schedule | ε or x₀ ([`Prediction`](crate::Prediction)) | no |
/// | [`DdpmSampler`](crate::DdpmSampler) | step of the noise schedule | ε or x₀ ([`Prediction`](crate::Prediction)) | yes |
/// | [`LearnedVarianceSampler`](crate::LearnedVarianceSampler) | step of the noise schedule | ε and v, side by side | yes |
/// | [`EdmSchedule`](crate::EdmSchedule) | noise level σ | estimate of x₀ | no |
///
/// Not part of the trait:
///
/// * Training, which draws its own times: see [`noised`](crate::noised) for flow matching,
///   [`NoiseSchedule::alpha_sigma`](crate::NoiseSchedule::alpha_sigma),
///   [`LearnedVarianceSchedule::noised`](crate::LearnedVarianceSchedule::noised) and
///   [`EdmConfig::at`](crate::EdmConfig::at). [`add_noise`](Self::add_noise) is for starting from a known sample.
/// * Steps of tokens that each have their own time: [`FlowSchedule::step_tokens`](crate::FlowSchedule::step_tokens).
/// * Input scaling and estimate of EDM, since guidance is applied between them:
///   [`EdmSchedule::scaled`](crate::EdmSchedule::scaled) and [`EdmSchedule::denoised`](crate::EdmSchedule::denoised).
pub trait Scheduler {
    /// Type of a time or noise level.
    type Time: Copy;

    /// Time at which each step begins, the noisiest first.
    fn timesteps(&self) -> &[Self::Time];

    /// Adds the noise that is left when `step` begins to clean samples; `noise` is standard normal.
    fn add_noise<const D: usize>(&self, clean: Tensor<D>, noise: Tensor<D>, step: usize) -> Tensor<D>;

    /// Takes one step from `x`, given the model's `output` for it. `draw` returns standard normal numbers with the
    /// shape of its argument; deterministic schedulers never call it, so [`Tensor::zeros_like`] suffices.
    fn step<const D: usize>(
        &self,
        x: Tensor<D>,
        output: Tensor<D>,
        step: usize,
        draw: impl FnMut(&Tensor<D>) -> Tensor<D>,
    ) -> Tensor<D>;

    /// Takes all steps from `start`, which must be as noisy as the first step expects: standard normal noise, for EDM
    /// multiplied by the first σ. `model` returns the output for a sample and its time.
    fn sample<const D: usize>(
        &self,
        start: Tensor<D>,
        mut model: impl FnMut(Tensor<D>, Self::Time) -> Tensor<D>,
        mut draw: impl FnMut(&Tensor<D>) -> Tensor<D>,
    ) -> Tensor<D> {
        self.timesteps().iter().enumerate().fold(start, |x, (step, &time)| {
            let output = model(x.clone(), time);
            self.step(x, output, step, &mut draw)
        })
    }
}
