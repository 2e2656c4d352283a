//! Residual block, attention in space and in time, downsampling and upsampling.

use burn::module::Module;
use burn::tensor::activation::silu;
use burn::tensor::{Device, Tensor};
use nn_kit::{in_dtype, scaled_dot_product};

use super::layers::{Clip, FrameNorm, InSpace, InTime, Projection};

/// Residual block x + conv(SiLU(norm(conv(SiLU(norm(x)))))), with a 1 × 1 convolution on x where the channels change.
#[derive(Module, Debug)]
pub(super) struct Resnet {
    norm1: FrameNorm,
    conv1: Projection,
    norm2: FrameNorm,
    conv2: Projection,
    conv_shortcut: Option<InSpace>,
}

impl Resnet {
    pub(super) fn new(channels: [usize; 2], device: &Device) -> Self {
        let [from, to] = channels;
        Self {
            norm1: FrameNorm::new(from, device),
            conv1: Projection::new(channels, device),
            norm2: FrameNorm::new(to, device),
            conv2: Projection::new([to, to], device),
            conv_shortcut: (from != to).then(|| InSpace::new(channels, 1, device)),
        }
    }

    pub(super) fn forward(&self, clip: Clip) -> Clip {
        let x = match &self.conv_shortcut {
            Some(shortcut) => shortcut.forward(clip.x.clone()),
            None => clip.x.clone(),
        };
        let h = self.conv1.forward(clip.each(|x| silu(self.norm1.forward(x))));
        let h = self.conv2.forward(h.each(|x| silu(self.norm2.forward(x))));
        h.each(|h| x + h)
    }
}

/// Single-head attention with a residual connection.
#[derive(Module, Debug)]
pub(super) struct Attention {
    norm: FrameNorm,
    to_q: InSpace,
    to_k: InSpace,
    to_v: InSpace,
    to_out: InSpace,
}

impl Attention {
    pub(super) fn new(channels: usize, device: &Device) -> Self {
        let linear = || InSpace::new([channels, channels], 1, device);
        Self {
            norm: FrameNorm::new(channels, device),
            to_q: linear(),
            to_k: linear(),
            to_v: linear(),
            to_out: linear(),
        }
    }

    /// Attention within each frame.
    pub(super) fn in_space(&self, clip: Clip) -> Clip {
        let [all, channels, height, width] = clip.x.dims();
        self.around(clip, |x| x.reshape([all, 1, channels, height * width]).swap_dims(2, 3))
    }

    /// Causal attention of every position to the same position in its own and earlier frames.
    pub(super) fn in_time(&self, clip: Clip) -> Clip {
        let [all, channels, height, width] = clip.x.dims();
        let (frames, places) = (clip.frames, height * width);
        let batch = all / frames;
        let normed = self.norm.forward(clip.x.clone());
        let sequence = |layer: &InSpace| {
            let x = layer.forward(normed.clone()).reshape([batch, frames, channels, places]);
            x.permute([0, 3, 1, 2]).reshape([batch * places, 1, frames, channels])
        };
        let bias = in_dtype(causal(frames, &clip.x.device()), clip.x.dtype());
        let scale = 1.0 / (channels as f64).sqrt();
        let mixed = scaled_dot_product(
            sequence(&self.to_q),
            sequence(&self.to_k),
            sequence(&self.to_v),
            Some(bias),
            scale,
        );
        let mixed = mixed.reshape([batch, places, frames, channels]).permute([0, 2, 3, 1]);
        let mixed = self.to_out.forward(mixed.reshape([all, channels, height, width]));
        clip.each(|x| x + mixed)
    }

    fn around(&self, clip: Clip, sequence: impl Fn(Tensor<4>) -> Tensor<4>) -> Clip {
        let shape = clip.x.dims();
        let normed = self.norm.forward(clip.x.clone());
        let part = |layer: &InSpace| sequence(layer.forward(normed.clone()));
        let scale = 1.0 / (shape[1] as f64).sqrt();
        let mixed = scaled_dot_product(part(&self.to_q), part(&self.to_k), part(&self.to_v), None, scale);
        let mixed = self.to_out.forward(mixed.swap_dims(2, 3).reshape(shape));
        clip.each(|x| x + mixed)
    }
}

/// Attention bias that masks later frames, `[1, 1, frames, frames]`.
fn causal(frames: usize, device: &Device) -> Tensor<4> {
    let hidden = |(query, key): (usize, usize)| if key > query { f32::NEG_INFINITY } else { 0.0 };
    let values: Vec<f32> = (0..frames * frames).map(|i| hidden((i / frames, i % frames))).collect();
    Tensor::<1>::from_floats(values.as_slice(), device).reshape([1, 1, frames, frames])
}

/// Halves rows and columns, frames, or both: a convolution of stride 2 plus the mean of each pair.
#[derive(Module, Debug)]
pub(super) struct Downsample {
    conv1: Option<InSpace>,
    conv2: Option<InTime>,
    conv3: InSpace,
}

impl Downsample {
    pub(super) fn new(channels: usize, (space, time): (bool, bool), device: &Device) -> Self {
        Self {
            conv1: space.then(|| InSpace::new([channels; 2], 3, device)),
            conv2: time.then(|| InTime::new([channels; 2], device)),
            conv3: InSpace::new([channels; 2], 1, device),
        }
    }

    pub(super) fn forward(&self, mut clip: Clip) -> Clip {
        if let Some(conv) = &self.conv1 {
            clip = clip.each(|x| {
                let [count, channels, height, width] = x.dims();
                // A row and a column of zeros are added below and to the right.
                let padded = x.clone().pad((0, 1, 0, 1), 0.0);
                let pairs = x.reshape([count, channels, height / 2, 2, width / 2, 2]);
                let mean = pairs.mean_dim(5).mean_dim(3);
                conv.strided(padded, 2, 0) + mean.reshape([count, channels, height / 2, width / 2])
            });
        }
        if let Some(conv) = &self.conv2 {
            let [all, channels, height, width] = clip.x.dims();
            let batch = all / clip.frames;
            // The first frame is repeated, so that it is averaged with itself.
            let x = clip.x.reshape([batch, clip.frames, channels, height, width]);
            let x = Tensor::cat(vec![x.clone().narrow(1, 0, 1), x], 1);
            let frames = clip.frames / 2 + 1;
            let pairs = x.clone().reshape([batch * frames, 2, channels * height * width]);
            let mean = pairs.mean_dim(1).reshape([batch * frames, channels, height, width]);
            let long = Clip {
                x: x.reshape([batch * 2 * frames, channels, height, width]),
                frames: 2 * frames,
            };
            clip = conv.strided(long, 2).each(|x| x + mean);
        }
        clip.each(|x| self.conv3.forward(x))
    }
}

/// Doubles rows and columns, frames (except the first), or both: repeats values and adds a convolution of them.
#[derive(Module, Debug)]
pub(super) struct Upsample {
    conv1: Option<InTime>,
    conv2: Option<InSpace>,
    conv3: InSpace,
}

impl Upsample {
    pub(super) fn new(channels: usize, (space, time): (bool, bool), device: &Device) -> Self {
        Self {
            conv1: time.then(|| InTime::new([channels; 2], device)),
            conv2: space.then(|| InSpace::new([channels; 2], 3, device)),
            conv3: InSpace::new([channels; 2], 1, device),
        }
    }

    pub(super) fn forward(&self, mut clip: Clip) -> Clip {
        if let Some(conv) = &self.conv1 {
            let [all, channels, height, width] = clip.x.dims();
            let (batch, frames) = (all / clip.frames, 2 * clip.frames - 1);
            let x = clip.x.reshape([batch, clip.frames, 1, channels * height * width]);
            let x = x
                .repeat_dim(2, 2)
                .reshape([batch, frames + 1, channels * height * width]);
            let x = x
                .narrow(1, 1, frames)
                .reshape([batch * frames, channels, height, width]);
            clip = conv.forward(Clip { x: x.clone(), frames }).each(|h| h + x);
        }
        if let Some(conv) = &self.conv2 {
            clip = clip.each(|x| {
                let [count, channels, height, width] = x.dims();
                let x = x.reshape([count, channels, height, 1, width, 1]);
                let x = x.repeat_dim(3, 2).repeat_dim(5, 2);
                let x = x.reshape([count, channels, 2 * height, 2 * width]);
                conv.forward(x.clone()) + x
            });
        }
        clip.each(|x| self.conv3.forward(x))
    }
}
