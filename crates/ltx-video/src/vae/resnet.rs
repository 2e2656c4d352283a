//! Residual block, and the embedding of the decoder's time.

use burn::module::{Module, Param};
use burn::nn::{Initializer, LayerNorm, LayerNormConfig, Linear, LinearConfig};
use burn::tensor::activation::silu;
use burn::tensor::{Device, Tensor};
use nn_kit::{in_dtype, sinusoidal_steps};

use super::NoiseFn;
use super::conv::FrameConv;

/// Epsilon added to the mean square over channels.
const EPSILON: f64 = 1e-8;
/// Width of the sinusoidal embedding of a time.
const SINUSOIDS: usize = 256;

/// Embedding of a time: sinusoids, linear, SiLU, linear.
#[derive(Module, Debug)]
pub(super) struct TimeEmbedder {
    inner: Linear,
    outer: Linear,
}

impl TimeEmbedder {
    pub(super) fn new(width: usize, device: &Device) -> Self {
        Self {
            inner: LinearConfig::new(SINUSOIDS, width).init(device),
            outer: LinearConfig::new(width, width).init(device),
        }
    }

    /// Embeds times `[batch]` as `[batch, width]`.
    pub(super) fn forward(&self, times: Tensor<1>) -> Tensor<2> {
        let dtype = self.inner.weight.val().dtype();
        let sinusoids = in_dtype(sinusoidal_steps(times, SINUSOIDS), dtype);
        self.outer.forward(silu(self.inner.forward(sinusoids)))
    }
}

/// Adds the time embedding to the rows of a table: `N` tensors `[batch, channels, 1, 1, 1]` that apply to all pixels.
pub(super) fn modulations<const N: usize>(table: &Param<Tensor<2>>, time: &Tensor<2>) -> [Tensor<5>; N] {
    let table = table.val();
    let [rows, width] = table.dims();
    let batch = time.dims()[0];
    let parts = time.clone().reshape([batch, rows, width]) + table.unsqueeze_dim(0);
    std::array::from_fn(|row| parts.clone().narrow(1, row, 1).reshape([batch, width, 1, 1, 1]))
}

/// RMS norm over channels, x / √(mean over channels of x² + ε).
pub(super) fn channel_norm(x: Tensor<5>) -> Tensor<5> {
    let dtype = x.dtype();
    let x = nn_kit::in_f32(x);
    let mean = x.clone().square().mean_dim(1);
    in_dtype(x * mean.add_scalar(EPSILON).sqrt().recip(), dtype)
}

/// Residual block x + Conv(SiLU(N(Conv(SiLU(N(x)))))), where N is the norm over channels, modulated by the time if
/// there is one. If noise is injected, each convolution is followed by a plane of noise, scaled per channel. If the
/// width changes, x goes through a layer norm over channels and a 1×1×1 convolution.
#[derive(Module, Debug)]
pub(super) struct Resnet {
    conv1: FrameConv,
    conv2: FrameConv,
    norm3: Option<LayerNorm>,
    conv_shortcut: Option<FrameConv>,
    scale_shift_table: Option<Param<Tensor<2>>>,
    per_channel_scale1: Option<Param<Tensor<3>>>,
    per_channel_scale2: Option<Param<Tensor<3>>>,
}

/// Options of a residual block besides its convolutions.
#[derive(Clone, Copy)]
pub(super) struct ResnetKind {
    pub(super) inject_noise: bool,
    pub(super) timed: bool,
    pub(super) epsilon: f64,
}

impl Resnet {
    pub(super) fn new(widths: [usize; 2], kind: ResnetKind, device: &Device) -> Self {
        let [from, to] = widths;
        let grows = from != to;
        let spread = Initializer::Normal {
            mean: 0.0,
            std: (from as f64).sqrt().recip(),
        };
        let noise = || kind.inject_noise.then(|| Initializer::Zeros.init([to, 1, 1], device));
        let norm = LayerNormConfig::new(from).with_epsilon(kind.epsilon);
        Self {
            conv1: FrameConv::new([from, to], 3, 1, device),
            conv2: FrameConv::new([to, to], 3, 1, device),
            norm3: grows.then(|| norm.init(device)),
            conv_shortcut: grows.then(|| FrameConv::new([from, to], 1, 1, device)),
            scale_shift_table: kind.timed.then(|| spread.init([4, from], device)),
            per_channel_scale1: noise(),
            per_channel_scale2: noise(),
        }
    }

    pub(super) fn forward(
        &self,
        x: Tensor<5>,
        time: Option<&Tensor<2>>,
        causal: bool,
        draw: &mut NoiseFn<'_>,
    ) -> Tensor<5> {
        let modulated = self.scale_shift_table.as_ref().zip(time);
        let modulated = modulated.map(|(table, time)| modulations::<4>(table, time));
        let [first, second] = match modulated {
            Some([shift, scale, shift2, scale2]) => [Some((scale, shift)), Some((scale2, shift2))],
            None => [None, None],
        };
        let h = self.conv1.forward(silu(normed(x.clone(), first)), causal);
        let h = injected(h, self.per_channel_scale1.as_ref(), draw);
        let h = self.conv2.forward(silu(normed(h, second)), causal);
        let h = injected(h, self.per_channel_scale2.as_ref(), draw);
        let x = match &self.norm3 {
            Some(norm) => norm.forward(x.permute([0, 2, 3, 4, 1])).permute([0, 4, 1, 2, 3]),
            None => x,
        };
        match &self.conv_shortcut {
            Some(conv) => conv.forward(x, causal) + h,
            None => x + h,
        }
    }
}

fn normed(x: Tensor<5>, modulation: Option<(Tensor<5>, Tensor<5>)>) -> Tensor<5> {
    let x = channel_norm(x);
    match modulation {
        Some((scale, shift)) => x * scale.add_scalar(1.0) + shift,
        None => x,
    }
}

/// Adds a plane of noise, shared by all frames and clips and scaled per channel.
fn injected(x: Tensor<5>, scale: Option<&Param<Tensor<3>>>, draw: &mut NoiseFn<'_>) -> Tensor<5> {
    let Some(scale) = scale else {
        return x;
    };
    let [_, channels, _, rows, columns] = x.dims();
    let noise = in_dtype(draw([rows, columns]), x.dtype());
    let noise = noise.unsqueeze_dim::<3>(0) * scale.val();
    x + noise.reshape([1, channels, 1, rows, columns])
}
