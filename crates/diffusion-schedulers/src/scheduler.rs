//! The one shape of a sampler: where it stops, how much noise is there, how it goes on.

use burn::tensor::Tensor;

/// Removes noise in steps.
///
/// A scheduler visits [`timesteps`](Self::timesteps) from the noisiest to the cleanest. Step `i` begins at `timesteps()[i]` and
/// leads to `timesteps()[i + 1]`, the last one to the clean sample (or as near to it as the scheduler's settings go, see
/// [`LastSigma`](crate::LastSigma)). Steps are numbered from 0. Methods panic on a step that the scheduler does not have, as
/// slices do.
///
/// | scheduler | time | output of the model | draws noise |
/// |---|---|---|---|
/// | [`FlowSchedule`](crate::FlowSchedule) | t from 1 to 0 | velocity ε − x₀ | no |
/// | [`DdimSampler`](crate::DdimSampler) | step of the noise schedule | ε or x₀ ([`Prediction`](crate::Prediction)) | no |
/// | [`DdpmSampler`](crate::DdpmSampler) | step of the noise schedule | ε or x₀ ([`Prediction`](crate::Prediction)) | yes |
/// | [`LearnedVarianceSampler`](crate::LearnedVarianceSampler) | step of the noise schedule | ε and v, side by side | yes |
/// | [`EdmSchedule`](crate::EdmSchedule) | noise level σ | estimate of x₀ | no |
///
/// Outside of the trait is what is not common to samplers:
///
/// * Training. It draws times of its own, most of which no sampler visits: [`noised`](crate::noised) of flow matching,
///   [`NoiseSchedule::alpha_sigma`](crate::NoiseSchedule::alpha_sigma), [`LearnedVarianceSchedule::noised`](crate::LearnedVarianceSchedule::noised) and
///   [`EdmConfig::at`](crate::EdmConfig::at) serve it. [`add_noise`](Self::add_noise) is for a start from a known sample.
/// * Steps of tokens that are each at a time of their own: [`FlowSchedule::step_tokens`](crate::FlowSchedule::step_tokens).
/// * The input scaling and the estimate of EDM, which guidance stands between:
///   [`EdmSchedule::scaled`](crate::EdmSchedule::scaled) and [`EdmSchedule::denoised`](crate::EdmSchedule::denoised).
pub trait Scheduler {
    /// What a noise level is given by.
    type Time: Copy;

    /// Time at which each step begins, the noisiest first.
    fn timesteps(&self) -> &[Self::Time];

    /// Clean samples with the noise that is left when `step` begins; `noise` is standard normal.
    fn add_noise<const D: usize>(&self, clean: Tensor<D>, noise: Tensor<D>, step: usize) -> Tensor<D>;

    /// One step from `x` with the model's `output` for it. `draw` gives standard normal numbers of the shape of its argument;
    /// deterministic schedulers do not call it, and [`Tensor::zeros_like`] will do.
    fn step<const D: usize>(
        &self,
        x: Tensor<D>,
        output: Tensor<D>,
        step: usize,
        draw: impl FnMut(&Tensor<D>) -> Tensor<D>,
    ) -> Tensor<D>;

    /// All steps from `start`, which is as noisy as the first step expects: standard normal, with EDM times the first σ.
    /// `model` gives the output for a sample and its time.
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
