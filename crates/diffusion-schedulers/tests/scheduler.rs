//! Property of every scheduler: steps with the output of a perfect network pass through the samples of `add_noise` and
//! end at the clean sample.

#![allow(clippy::unwrap_used)]

use burn::tensor::{Device, Tensor};
use diffusion_schedulers::{
    BetaSchedule, EdmConfig, FlowSchedule, LastSigma, LearnedVarianceSchedule, NoiseSchedule, Prediction, Sampling,
    ScheduleConfig, Scheduler,
};
use proptest::prelude::*;

const NUMBERS: usize = 6;

fn row(values: &[f32]) -> Tensor<2> {
    Tensor::<1>::from_floats(values, &Device::flex()).reshape([1, values.len()])
}

fn noise_schedule(prediction: Prediction) -> NoiseSchedule {
    NoiseSchedule::new(ScheduleConfig {
        steps: 100,
        betas: BetaSchedule::SquaredCosCapV2,
        prediction,
        clip: None,
    })
    .unwrap()
}

/// Largest difference, relative to the largest expected magnitude if that is above 1.
fn error(found: Tensor<2>, expected: Tensor<2>) -> f32 {
    let largest: f32 = expected.clone().abs().max().into_scalar();
    (found - expected).abs().max().into_scalar::<f32>() / largest.max(1.0)
}

/// Largest error over all steps of a deterministic scheduler, each started from the exact sample of its time; the last
/// one leads to the clean sample. `output` is that of a perfect network.
fn along_the_path<S: Scheduler>(scheduler: &S, clean: &Tensor<2>, noise: &Tensor<2>, output: &Tensor<2>) -> f32 {
    let count = scheduler.timesteps().len();
    let at = |step| match step == count {
        true => clean.clone(),
        false => scheduler.add_noise(clean.clone(), noise.clone(), step),
    };
    let errors = (0..count).map(|step| {
        let x = at(step);
        // A step's result is rounded like the number that it is subtracted from.
        let largest: f32 = x.clone().abs().max().into_scalar();
        let next = scheduler.step(x, output.clone(), step, Tensor::zeros_like);
        error(next, at(step + 1)) / largest.max(1.0)
    });
    errors.fold(0.0, f32::max)
}

/// The ε contained in `x` at a step, given that `clean` is the clean sample.
fn noise_in<S: Scheduler>(scheduler: &S, x: Tensor<2>, clean: &Tensor<2>, step: usize) -> Tensor<2> {
    let data = scheduler.add_noise(clean.clone(), clean.zeros_like(), step);
    let part = scheduler.add_noise(clean.zeros_like(), clean.ones_like(), step);
    (x - data) / part
}

proptest! {
    #[test]
    fn deterministic_steps_stay_on_the_path(
        clean in prop::collection::vec(-1.0_f32..1.0, NUMBERS),
        noise in prop::collection::vec(-3.0_f32..3.0, NUMBERS),
        count in 1_usize..60,
        shift in 0.2_f64..5.0,
    ) {
        let (clean, noise) = (row(&clean), row(&noise));
        let flow = FlowSchedule::new(count, shift).unwrap();
        let error = along_the_path(&flow, &clean, &noise, &(noise.clone() - clean.clone()));
        prop_assert!(error < 1e-5, "flow: {error}");
        for (prediction, output) in [(Prediction::Epsilon, &noise), (Prediction::Sample, &clean)] {
            let error = along_the_path(&noise_schedule(prediction).ddim(count).unwrap(), &clean, &noise, output);
            prop_assert!(error < 1e-3, "DDIM, {prediction:?}: {error}");
        }
        let edm = EdmConfig { final_sigmas_type: LastSigma::Zero, ..EdmConfig::default() };
        let error = along_the_path(&edm.schedule(count).unwrap(), &clean, &noise, &clean);
        prop_assert!(error < 1e-5, "EDM: {error}");
    }

    #[test]
    fn samplers_that_draw_end_at_the_clean_sample(
        clean in prop::collection::vec(-1.0_f32..1.0, NUMBERS),
        noise in prop::collection::vec(-3.0_f32..3.0, NUMBERS),
        draws in prop::collection::vec(-3.0_f32..3.0, NUMBERS),
        count in 2_usize..60,
    ) {
        let (clean, noise, draws) = (row(&clean), row(&noise), row(&draws));
        let schedule = noise_schedule(Prediction::Epsilon);
        let ddpm = schedule.ddpm(count).unwrap();
        let mut step = 0..count;
        let mut drawn = 0;
        let draw = |_: &Tensor<2>| {
            drawn += 1;
            draws.clone()
        };
        let network = |x, _| noise_in(&ddpm, x, &clean, step.next().unwrap());
        let found = error(ddpm.sample(noise.clone(), network, draw), clean.clone());
        prop_assert!(found < 1e-4 && drawn == count - 1, "DDPM: {found}, {drawn} draws");

        let schedule = LearnedVarianceSchedule::cosine(1000, count).unwrap();
        let learned = schedule.sampler(Sampling { temperature: 1.0, clip: false });
        prop_assert!(learned.timesteps().iter().rev().eq(schedule.timesteps()));
        let mut step = 0..count;
        let mut drawn = 0;
        let draw = |_: &Tensor<2>| {
            drawn += 1;
            draws.clone()
        };
        let network = |x, _| {
            let epsilon = noise_in(&learned, x, &clean, step.next().unwrap());
            Tensor::cat(vec![epsilon.clone(), epsilon.zeros_like()], 1)
        };
        let found = error(learned.sample(noise, network, draw), clean);
        prop_assert!(found < 1e-4 && drawn == count - 1, "learned range: {found}, {drawn} draws");
    }
}
