//! The decoder from latents to pixels; in later versions it also takes the last denoising step.

use burn::module::{Module, Param};
use burn::nn::Initializer;
use burn::tensor::activation::silu;
use burn::tensor::{Device, Tensor};
use nn_kit::in_f32;

use super::config::{UpBlockSizes, VaeConfig};
use super::conv::{FrameConv, depth_to_space, pixels};
use super::resnet::{Resnet, ResnetKind, TimeEmbedder, channel_norm, modulations};
use super::{NoiseFn, Stage};

/// Factors of an upsampling in frames, rows and columns.
const FACTORS: [usize; 3] = [2, 2, 2];
/// Factor on the times of the decoder.
const TIME_SCALE: f64 = 1000.0;

/// Decoder: a middle, blocks that upsample by 2, and a rearrangement of patches to pixels.
#[derive(Module, Debug)]
pub(super) struct Decoder {
    conv_in: FrameConv,
    mid: Middle,
    up: Vec<UpBlock>,
    conv_out: FrameConv,
    time_embedder: Option<TimeEmbedder>,
    scale_shift_table: Option<Param<Tensor<2>>>,
    timestep_scale_multiplier: Option<Param<Tensor<1>>>,
    patch: [usize; 2],
    causal: bool,
}

#[derive(Module, Debug)]
struct Middle {
    resnets: Vec<Resnet>,
    time_embedder: Option<TimeEmbedder>,
}

/// Decoder block: an optional change of width, upsampling by 2, residual blocks.
#[derive(Module, Debug)]
struct UpBlock {
    conv_in: Option<Resnet>,
    time_embedder: Option<TimeEmbedder>,
    unfolded: Option<Unfold>,
    resnets: Vec<Resnet>,
}

/// Upsampling: a convolution, then channels into space, without the extra frame before the first. If `beside` is not 0,
/// the rearranged input is added, with its channels repeated `beside` times.
#[derive(Module, Debug)]
struct Unfold {
    conv: FrameConv,
    beside: usize,
}

impl Decoder {
    pub(super) fn new(config: &VaeConfig, device: &Device) -> Self {
        let timed = config.timestep_conditioning;
        let blocks = config.up_blocks();
        let widest = config.decoder_block_out_channels[blocks.len() - 1];
        let last = blocks.last().map_or(widest, |block| block.widths[1]);
        let kind = ResnetKind {
            inject_noise: config.decoder_inject_noise[blocks.len()],
            timed,
            epsilon: config.resnet_norm_eps,
        };
        let middle = config.decoder_layers_per_block[blocks.len()];
        let patch = config.patch_size * config.patch_size * config.patch_size_t;
        let embedder = |width| timed.then(|| TimeEmbedder::new(width, device));
        let spread = Initializer::Normal {
            mean: 0.0,
            std: (last as f64).sqrt().recip(),
        };
        Self {
            conv_in: FrameConv::new([config.latent_channels, widest], 3, 1, device),
            mid: Middle {
                resnets: (0..middle)
                    .map(|_| Resnet::new([widest, widest], kind, device))
                    .collect(),
                time_embedder: embedder(4 * widest),
            },
            up: blocks.iter().map(|sizes| UpBlock::new(sizes, kind, device)).collect(),
            conv_out: FrameConv::new([last, config.out_channels * patch], 3, 1, device),
            time_embedder: embedder(2 * last),
            scale_shift_table: timed.then(|| spread.init([2, last], device)),
            timestep_scale_multiplier: timed.then(|| Initializer::Constant { value: TIME_SCALE }.init([1], device)),
            patch: [config.patch_size, config.patch_size_t],
            causal: config.decoder_causal,
        }
    }

    /// Decodes latents to pixels in about [−1, 1]; `times` is `[batch]` in [0, 1] if the decoder takes a time.
    pub(super) fn forward(
        &self,
        latents: Tensor<5>,
        times: Option<Tensor<1>>,
        draw: &mut NoiseFn<'_>,
        seen: &mut dyn FnMut(Stage, &Tensor<5>),
    ) -> Tensor<5> {
        let times = times.zip(self.timestep_scale_multiplier.as_ref());
        let times = times.map(|(times, scale)| in_f32(times) * in_f32(scale.val()));
        let mut x = self.conv_in.forward(latents, self.causal);
        seen(Stage::In, &x);
        let embed = |embedder: &Option<TimeEmbedder>| {
            let both = embedder.as_ref().zip(times.clone());
            both.map(|(embedder, times)| embedder.forward(times))
        };
        let time = embed(&self.mid.time_embedder);
        for resnet in &self.mid.resnets {
            x = resnet.forward(x, time.as_ref(), self.causal, draw);
        }
        seen(Stage::Middle, &x);
        for (i, block) in self.up.iter().enumerate() {
            let time = embed(&block.time_embedder);
            x = block.forward(x, time.as_ref(), self.causal, draw);
            seen(Stage::Block(i), &x);
        }
        let mut x = channel_norm(x);
        if let Some((table, time)) = self.scale_shift_table.as_ref().zip(embed(&self.time_embedder)) {
            let [shift, scale] = modulations::<2>(table, &time);
            x = x * scale.add_scalar(1.0) + shift;
        }
        let x = self.conv_out.forward(silu(x), self.causal);
        pixels(x, self.patch[0], self.patch[1])
    }
}

impl UpBlock {
    fn new(sizes: &UpBlockSizes, kind: ResnetKind, device: &Device) -> Self {
        let [from, to] = sizes.widths;
        let kind = ResnetKind {
            inject_noise: sizes.inject_noise,
            ..kind
        };
        let all: usize = FACTORS.iter().product();
        let unfold = || Unfold {
            conv: FrameConv::new([to * sizes.factor, to * all], 3, 1, device),
            beside: if sizes.residual { all / sizes.factor } else { 0 },
        };
        Self {
            conv_in: (from != to).then(|| Resnet::new([from, to], kind, device)),
            time_embedder: kind.timed.then(|| TimeEmbedder::new(4 * from, device)),
            unfolded: sizes.upsample.then(unfold),
            resnets: (0..sizes.layers).map(|_| Resnet::new([to, to], kind, device)).collect(),
        }
    }

    fn forward(&self, mut x: Tensor<5>, time: Option<&Tensor<2>>, causal: bool, draw: &mut NoiseFn<'_>) -> Tensor<5> {
        if let Some(resnet) = &self.conv_in {
            x = resnet.forward(x, time, causal, draw);
        }
        if let Some(unfold) = &self.unfolded {
            x = unfold.forward(x, causal);
        }
        for resnet in &self.resnets {
            x = resnet.forward(x, time, causal, draw);
        }
        x
    }
}

impl Unfold {
    fn forward(&self, x: Tensor<5>, causal: bool) -> Tensor<5> {
        let without_first = |x: Tensor<5>| {
            let frames = x.dims()[2];
            x.narrow(2, FACTORS[0] - 1, frames + 1 - FACTORS[0])
        };
        let unfolded = without_first(depth_to_space(self.conv.forward(x.clone(), causal), FACTORS));
        match self.beside {
            0 => unfolded,
            times => unfolded + without_first(depth_to_space(x, FACTORS)).repeat_dim(1, times),
        }
    }
}
