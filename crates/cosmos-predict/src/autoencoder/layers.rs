//! Convolutions in space and in time, and the norm, on clips whose frames are in the batch dimension.
//!
//! Every convolution of the model has a kernel in space or in time, never both, and its norm covers one frame. So a
//! frame is an image for 2-D kernels, and only temporal convolution and attention use the clip's structure. Time is
//! causal: the first frame is repeated before the start.

use burn::module::{Module, Param};
use burn::nn::conv::{Conv3d, Conv3dConfig};
use burn::nn::{GroupNorm, GroupNormConfig};
use burn::tensor::{DType, Device, Slice, Tensor};
use cpu_kernels::conv2d_with;
use nn_kit::{in_dtype, in_f32};

/// Epsilon in the norms.
const EPSILON: f64 = 1e-6;

/// Feature maps `[batch · frames, channels, height, width]`.
#[derive(Clone, Debug)]
pub(super) struct Clip {
    pub x: Tensor<4>,
    pub frames: usize,
}

impl Clip {
    /// Applies `f` to the frames.
    pub(super) fn each(self, f: impl FnOnce(Tensor<4>) -> Tensor<4>) -> Self {
        Self {
            x: f(self.x),
            frames: self.frames,
        }
    }

    /// Converts to `[batch, channels, frames, height, width]`.
    pub(super) fn video(self) -> Tensor<5> {
        let [all, channels, height, width] = self.x.dims();
        let x = self
            .x
            .reshape([all / self.frames, self.frames, channels, height, width]);
        x.swap_dims(1, 2)
    }

    /// Converts from `[batch, channels, frames, height, width]`.
    pub(super) fn new(video: Tensor<5>) -> Self {
        let [batch, channels, frames, height, width] = video.dims();
        Self {
            x: video.swap_dims(1, 2).reshape([batch * frames, channels, height, width]),
            frames,
        }
    }
}

/// A convolution over height and width.
#[derive(Module, Debug)]
pub(super) struct InSpace {
    conv: Conv3d,
}

/// A convolution over time.
#[derive(Module, Debug)]
pub(super) struct InTime {
    conv: Conv3d,
}

impl InSpace {
    /// Creates a convolution with an odd kernel.
    pub(super) fn new(channels: [usize; 2], kernel: usize, device: &Device) -> Self {
        Self {
            conv: Conv3dConfig::new(channels, [1, kernel, kernel]).init(device),
        }
    }

    /// Type of the weights.
    pub(super) fn dtype(&self) -> DType {
        self.conv.weight.val().dtype()
    }

    /// Applies the convolution; the size is kept.
    pub(super) fn forward(&self, x: Tensor<4>) -> Tensor<4> {
        let half = self.conv.weight.lazy_shape()[3] / 2;
        self.strided(x, 1, half)
    }

    /// Applies the convolution with this stride and `padding` zeros around the frame.
    pub(super) fn strided(&self, x: Tensor<4>, stride: usize, padding: usize) -> Tensor<4> {
        let weight = self.conv.weight.val();
        let [outputs, inputs, _, height, width] = weight.dims();
        let weight = weight.reshape([outputs, inputs, height, width]);
        let bias = self.conv.bias.as_ref().map(Param::val);
        conv2d_with(x, weight, bias, [stride; 2], [padding; 2])
    }
}

impl InTime {
    /// Creates a convolution over three frames.
    pub(super) fn new(channels: [usize; 2], device: &Device) -> Self {
        Self {
            conv: Conv3dConfig::new(channels, [3, 1, 1]).init(device),
        }
    }

    /// Applies the convolution to each frame and the two before it.
    pub(super) fn forward(&self, clip: Clip) -> Clip {
        self.strided(clip, 1)
    }

    /// Returns one output frame per `stride` frames, starting with the first.
    pub(super) fn strided(&self, clip: Clip, stride: usize) -> Clip {
        let [all, channels, height, width] = clip.x.dims();
        let batch = all / clip.frames;
        let weight = self.conv.weight.val();
        let [outputs, _, kernel, ..] = weight.dims();
        let x = clip.x.reshape([batch, clip.frames, channels, height, width]);
        let before = kernel - stride;
        let first = x.clone().narrow(1, 0, 1).repeat_dim(1, before);
        let x = Tensor::cat(vec![first, x], 1);
        let frames = (clip.frames + before - kernel) / stride + 1;
        // The input frames of each output frame, concatenated in the channels.
        let taps = (0..kernel).map(|tap| {
            let x = x.clone().narrow(1, tap, (frames - 1) * stride + 1);
            match stride {
                1 => x,
                _ => x.slice_dim(1, Slice::new(0, None, stride as isize)),
            }
        });
        let seen = Tensor::cat(taps.collect(), 2).reshape([batch * frames, kernel * channels, height, width]);
        let weight = weight
            .permute([0, 2, 1, 3, 4])
            .reshape([outputs, kernel * channels, 1, 1]);
        let bias = self.conv.bias.as_ref().map(Param::val);
        Clip {
            x: conv2d_with(seen, weight, bias, [1; 2], [0; 2]),
            frames,
        }
    }
}

/// A convolution in space, then one in time, both with a kernel of 3.
#[derive(Module, Debug)]
pub(super) struct Projection {
    conv_s: InSpace,
    conv_t: InTime,
}

impl Projection {
    pub(super) fn new(channels: [usize; 2], device: &Device) -> Self {
        Self {
            conv_s: InSpace::new(channels, 3, device),
            conv_t: InTime::new([channels[1]; 2], device),
        }
    }

    pub(super) fn forward(&self, clip: Clip) -> Clip {
        self.conv_t.forward(clip.each(|x| self.conv_s.forward(x)))
    }
}

/// Normalizes each frame to mean 0 and variance 1 over all of its values, then applies scale and shift per channel.
#[derive(Module, Debug)]
pub(super) struct FrameNorm {
    norm: GroupNorm,
}

impl FrameNorm {
    pub(super) fn new(channels: usize, device: &Device) -> Self {
        Self {
            norm: GroupNormConfig::new(1, channels).with_epsilon(EPSILON).init(device),
        }
    }

    pub(super) fn forward(&self, x: Tensor<4>) -> Tensor<4> {
        let [count, channels, height, width] = x.dims();
        let dtype = x.dtype();
        let x = in_f32(x).reshape([count, channels * height * width]);
        let x = x.clone() - x.mean_dim(1);
        let variance = x.clone().square().mean_dim(1).add_scalar(EPSILON);
        let x = (x * variance.sqrt().recip()).reshape([count, channels, height, width]);
        let row = |param: &Option<Param<Tensor<1>>>| param.as_ref().map(|p| p.val().reshape([1, channels, 1, 1]));
        let x = in_dtype(x, dtype);
        let x = match row(&self.norm.gamma) {
            Some(scale) => x * scale,
            None => x,
        };
        match row(&self.norm.beta) {
            Some(shift) => x + shift,
            None => x,
        }
    }
}
