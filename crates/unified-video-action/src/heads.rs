//! Diffusion heads: one samples a latent for each token, one samples actions from all tokens.

use burn::Tensor;
use burn::module::Module;
use burn::nn::conv::{Conv2d, Conv2dConfig};
use burn::nn::pool::{AdaptiveAvgPool2d, AdaptiveAvgPool2dConfig};
use burn::nn::{Linear, LinearConfig, PaddingConfig2d};
use burn::tensor::Device;
use burn::tensor::activation::relu;
use cpu_kernels::conv2d;
use diffusion_schedulers::{LearnedVarianceSchedule, Sampling, Scheduler};
use nn_kit::{AdaLnMlp, AdaLnMlpConfig};

use crate::config::{Config, HeadConfig, POOLED};

/// Head that samples the latent of each token, conditioned on the decoder's output (Li, Tian et al. 2024, section 3.3).
#[derive(Module, Debug)]
pub struct VideoHead {
    net: AdaLnMlp,
}

impl VideoHead {
    pub(crate) fn new(config: &Config, device: &Device) -> Self {
        Self {
            net: denoiser(config.channels(), config, config.video_head, device),
        }
    }

    /// Denoising network: noised latents `[n, channels]`, steps `[n]` and conditions `[n, width]` to
    /// `[n, 2 · channels]`.
    pub fn network(&self) -> &AdaLnMlp {
        &self.net
    }

    /// Samples latents `[n, channels]` for conditions `[n, width]`, starting from `noise` of the same shape; `draw`
    /// returns noise of that shape for each step.
    pub fn sample(
        &self,
        schedule: &LearnedVarianceSchedule,
        z: Tensor<2>,
        noise: Tensor<2>,
        temperature: f64,
        draw: impl FnMut() -> Tensor<2>,
    ) -> Tensor<2> {
        let sampling = Sampling {
            temperature,
            clip: false,
        };
        run(&self.net, schedule, z, noise, sampling, draw)
    }

    /// Returns the loss of the video modes: that of [`LearnedVarianceSchedule::loss`] for each token, averaged over
    /// tokens whose mask is 1. The decoder's tokens are `[n, width]`, latents and noise `[n, channels]`, the mask
    /// `[n]`, with one training step per token.
    pub fn loss(
        &self,
        schedule: &LearnedVarianceSchedule,
        z: Tensor<2>,
        latents: Tensor<2>,
        mask: Tensor<1>,
        noise: Tensor<2>,
        steps: &[usize],
    ) -> Tensor<1> {
        let each = loss(&self.net, schedule, z, latents, noise, steps);
        (each * mask.clone()).sum() / mask.sum()
    }
}

/// Head that samples actions. A 3 × 3 convolution, ReLU and average pooling to 4 × 4 reduce each frame's tokens; two
/// linear layers turn them into one vector per frame, a linear map over time into one vector per action, and two more
/// linear layers into the condition of each action.
#[derive(Module, Debug)]
pub struct ActionHead {
    conv: Conv2d,
    pool: AdaptiveAvgPool2d,
    fc: Vec<Linear>,
    interpolate: Linear,
    refine: Vec<Linear>,
    net: AdaLnMlp,
    frames: usize,
    side: usize,
}

impl ActionHead {
    pub(crate) fn new(config: &Config, device: &Device) -> Self {
        let width = config.decoder.width;
        let linear = |from, to| LinearConfig::new(from, to).init(device);
        Self {
            conv: Conv2dConfig::new([width, width], [3, 3])
                .with_padding(PaddingConfig2d::Explicit(1, 1, 1, 1))
                .init(device),
            pool: AdaptiveAvgPool2dConfig::new([POOLED, POOLED]).init(),
            fc: vec![linear(width * POOLED * POOLED, width), linear(width, width)],
            interpolate: linear(config.frames, config.actions),
            refine: vec![linear(width, width), linear(width, width)],
            net: denoiser(config.action_numbers, config, config.action_head, device),
            frames: config.frames,
            side: config.side,
        }
    }

    /// Denoising network: noised actions `[n, numbers]`, steps `[n]` and conditions `[n, width]` to `[n, 2 · numbers]`.
    pub fn network(&self) -> &AdaLnMlp {
        &self.net
    }

    /// Computes the condition of each action, `[batch · actions, width]`, from the decoder's tokens.
    pub fn condition(&self, z: Tensor<3>) -> Tensor<2> {
        let [batch, _, width] = z.dims();
        let maps = z
            .reshape([batch * self.frames, self.side, self.side, width])
            .permute([0, 3, 1, 2]);
        let pooled = self.pool.forward(relu(conv2d(&self.conv, maps)));
        let x = two(&self.fc, pooled.flatten::<2>(1, 3));
        let x = x.reshape([batch, self.frames, width]).swap_dims(1, 2);
        let x = self.interpolate.forward(x).swap_dims(1, 2);
        let actions = x.dims()[1];
        two(&self.refine, x.reshape([batch * actions, width]))
    }

    /// Samples actions `[n, numbers]` in [−1, 1] for conditions `[n, width]`, starting from `noise` of the same shape;
    /// `draw` returns noise of that shape for each step.
    pub fn sample(
        &self,
        schedule: &LearnedVarianceSchedule,
        condition: Tensor<2>,
        noise: Tensor<2>,
        temperature: f64,
        draw: impl FnMut() -> Tensor<2>,
    ) -> Tensor<2> {
        let sampling = Sampling {
            temperature,
            clip: true,
        };
        run(&self.net, schedule, condition, noise, sampling, draw)
    }

    /// Returns the loss of the action modes: the mean over the actions of [`LearnedVarianceSchedule::loss`]. Conditions
    /// are `[n, width]`, actions and noise `[n, numbers]`, with one training step per action.
    pub fn loss(
        &self,
        schedule: &LearnedVarianceSchedule,
        condition: Tensor<2>,
        actions: Tensor<2>,
        noise: Tensor<2>,
        steps: &[usize],
    ) -> Tensor<1> {
        loss(&self.net, schedule, condition, actions, noise, steps).mean()
    }
}

fn denoiser(numbers: usize, config: &Config, head: HeadConfig, device: &Device) -> AdaLnMlp {
    AdaLnMlpConfig {
        inputs: numbers,
        // The noise ε and the interpolation v of the variance.
        outputs: 2 * numbers,
        condition: config.decoder.width,
        width: head.width,
        depth: head.depth,
    }
    .init(device)
}

/// Two linear layers with ReLU between them.
fn two(layers: &[Linear], x: Tensor<2>) -> Tensor<2> {
    let mut layers = layers.iter();
    let first = layers.next().map_or(x.clone(), |layer| layer.forward(x));
    layers.fold(first, |x, layer| layer.forward(relu(x)))
}

fn run(
    net: &AdaLnMlp,
    schedule: &LearnedVarianceSchedule,
    condition: Tensor<2>,
    noise: Tensor<2>,
    sampling: Sampling,
    mut draw: impl FnMut() -> Tensor<2>,
) -> Tensor<2> {
    let device = noise.device();
    let condition = net.condition(condition);
    let network = |x: Tensor<2>, step: usize| {
        let step = Tensor::from_floats([step as f32], &device);
        net.denoise(x, step, condition.clone())
    };
    schedule.sampler(sampling).sample(noise, network, |_| draw())
}

fn loss(
    net: &AdaLnMlp,
    schedule: &LearnedVarianceSchedule,
    condition: Tensor<2>,
    data: Tensor<2>,
    noise: Tensor<2>,
    steps: &[usize],
) -> Tensor<1> {
    let noised = schedule.noised(data.clone(), noise.clone(), steps);
    let timesteps: Vec<f32> = steps.iter().map(|&step| schedule.timesteps()[step] as f32).collect();
    let timesteps = Tensor::from_floats(timesteps.as_slice(), &data.device());
    let output = net.forward(noised.clone(), timesteps, condition);
    schedule.loss(output, data, noised, noise, steps)
}
