//! Residual block, pixel attention, downsampling and upsampling.

use burn::module::Module;
use burn::nn::conv::{Conv2d, Conv2dConfig};
use burn::nn::interpolate::{Interpolate2dConfig, InterpolateMode};
use burn::nn::{GroupNorm, GroupNormConfig, PaddingConfig2d};
use burn::tensor::activation::{silu, softmax};
use burn::tensor::{Device, Tensor};

use cpu_kernels::conv2d;

/// Number of groups of the group normalizations.
const GROUPS: usize = 32;
/// Epsilon of the group normalizations.
const EPSILON: f64 = 1e-6;

/// Convolution with an odd kernel that keeps the size.
pub(super) fn conv(channels: [usize; 2], kernel: usize, device: &Device) -> Conv2d {
    let half = kernel / 2;
    Conv2dConfig::new(channels, [kernel, kernel])
        .with_padding(PaddingConfig2d::Explicit(half, half, half, half))
        .init(device)
}

pub(super) fn norm(channels: usize, device: &Device) -> GroupNorm {
    GroupNormConfig::new(GROUPS, channels)
        .with_epsilon(EPSILON)
        .init(device)
}

/// Residual block x + conv(SiLU(norm(conv(SiLU(norm(x)))))), with a 1 × 1 convolution on x where the channels change.
#[derive(Module, Debug)]
pub(super) struct ResnetBlock {
    norm1: GroupNorm,
    conv1: Conv2d,
    norm2: GroupNorm,
    conv2: Conv2d,
    shortcut: Option<Conv2d>,
}

impl ResnetBlock {
    pub(super) fn new(channels: [usize; 2], device: &Device) -> Self {
        let [from, to] = channels;
        Self {
            norm1: norm(from, device),
            conv1: conv(channels, 3, device),
            norm2: norm(to, device),
            conv2: conv([to, to], 3, device),
            shortcut: (from != to).then(|| conv(channels, 1, device)),
        }
    }

    pub(super) fn forward(&self, x: Tensor<4>) -> Tensor<4> {
        let h = conv2d(&self.conv1, silu(self.norm1.forward(x.clone())));
        let h = conv2d(&self.conv2, silu(self.norm2.forward(h)));
        let x = match &self.shortcut {
            Some(shortcut) => conv2d(shortcut, x),
            None => x,
        };
        x + h
    }
}

/// Single-head attention among all pixels, with a residual connection.
#[derive(Module, Debug)]
pub(super) struct PixelAttention {
    norm: GroupNorm,
    q: Conv2d,
    k: Conv2d,
    v: Conv2d,
    proj_out: Conv2d,
}

impl PixelAttention {
    pub(super) fn new(channels: usize, device: &Device) -> Self {
        let linear = || conv([channels, channels], 1, device);
        Self {
            norm: norm(channels, device),
            q: linear(),
            k: linear(),
            v: linear(),
            proj_out: linear(),
        }
    }

    pub(super) fn forward(&self, x: Tensor<4>) -> Tensor<4> {
        let [batch, channels, height, width] = x.dims();
        let h = self.norm.forward(x.clone());
        let flat = |layer: &Conv2d| conv2d(layer, h.clone()).reshape([batch, channels, height * width]);
        let scores = flat(&self.q).swap_dims(1, 2).matmul(flat(&self.k));
        let weights = softmax(scores.div_scalar((channels as f64).sqrt()), 2);
        let mixed = flat(&self.v).matmul(weights.swap_dims(1, 2));
        x + conv2d(&self.proj_out, mixed.reshape([batch, channels, height, width]))
    }
}

/// A 3 × 3 convolution of stride 2, with a row and a column of zeros added below and to the right.
pub(super) fn downsample(channels: usize, device: &Device) -> Conv2d {
    Conv2dConfig::new([channels, channels], [3, 3])
        .with_stride([2, 2])
        .with_padding(PaddingConfig2d::Explicit(0, 0, 1, 1))
        .init(device)
}

/// Nearest-neighbor upsampling by 2 in both directions.
pub(super) fn doubled(x: Tensor<4>) -> Tensor<4> {
    let [_, _, height, width] = x.dims();
    Interpolate2dConfig::new()
        .with_output_size(Some([2 * height, 2 * width]))
        .with_mode(InterpolateMode::Nearest)
        .init()
        .forward(x)
}
