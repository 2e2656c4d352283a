//! Noised sequences, and the loss of the noise that a network predicts (Ho et al. 2020, eq. 14).

use burn::Tensor;
use burn::tensor::{Device, TensorData};
use diffusion_schedulers::{NoiseSchedule, Prediction};
use nn_kit::normal;
use rand::RngExt;
use rand_pcg::Pcg64;

use super::acting::ACTION;
use super::config::DiffusionConfig;
use super::unet::Unet;

/// A batch of noised sequences of normalized actions.
pub(super) struct NoisedSequences {
    steps: Vec<usize>,
    noise: Vec<f32>,
    clean: Vec<f32>,
    noisy: Vec<f32>,
}

impl NoisedSequences {
    /// Draws diffusion steps and noise for `count` sequences.
    pub(super) fn draw(config: &DiffusionConfig, count: usize, rng: &mut Pcg64) -> Self {
        let steps = (0..count).map(|_| rng.random_range(0..config.schedule.steps)).collect();
        let noise = normal(count * config.horizon * ACTION, rng);
        Self {
            steps,
            clean: Vec::with_capacity(noise.len()),
            noisy: Vec::with_capacity(noise.len()),
            noise,
        }
    }

    /// Appends sequence `at` of the batch: its numbers, multiplied by `scale`.
    pub(super) fn push(&mut self, at: usize, numbers: impl Iterator<Item = f32>, scale: f32, schedule: &NoiseSchedule) {
        let (data, part) = schedule.alpha_sigma(self.steps[at]);
        for x in numbers {
            self.noisy.push(data * x * scale + part * self.noise[self.noisy.len()]);
            self.clean.push(x * scale);
        }
    }

    /// Mean squared error of the network's prediction.
    pub(super) fn loss(
        self,
        config: &DiffusionConfig,
        unet: &Unet,
        condition: Tensor<2>,
        device: &Device,
    ) -> Tensor<1> {
        let shape = [self.steps.len(), config.horizon, ACTION];
        let target = match config.schedule.prediction {
            Prediction::Epsilon => self.noise,
            Prediction::Sample => self.clean,
        };
        let noisy = Tensor::from_data(TensorData::new(self.noisy, shape), device);
        let target = Tensor::from_data(TensorData::new(target, shape), device);
        (unet.forward(noisy, &self.steps, condition) - target).square().mean()
    }
}
