//! The encoder from pixels to the parameters of the latent distribution.

use burn::module::Module;
use burn::tensor::activation::silu;
use burn::tensor::{Device, Tensor};

use super::config::{DownBlockSizes, DownBlockType, VaeConfig};
use super::conv::{FrameConv, patches, space_to_depth};
use super::resnet::{Resnet, ResnetKind, channel_norm};
use super::{NoiseFn, Stage};

/// Encoder: patches, blocks that downsample by 2, and a middle.
#[derive(Module, Debug)]
pub(super) struct Encoder {
    conv_in: FrameConv,
    down: Vec<DownBlock>,
    mid: Vec<Resnet>,
    conv_out: FrameConv,
    patch: [usize; 2],
    causal: bool,
}

/// Encoder block: residual blocks, then downsampling by 2; the width grows after it or in it.
#[derive(Module, Debug)]
struct DownBlock {
    resnets: Vec<Resnet>,
    strided: Option<FrameConv>,
    folded: Option<Fold>,
    conv_out: Option<Resnet>,
}

/// Downsampling: a convolution, then space into channels, plus the rearranged input averaged over groups of channels.
/// If frames are paired, the first frame is repeated to form the first pair.
#[derive(Module, Debug)]
struct Fold {
    conv: FrameConv,
    factors: [usize; 3],
}

/// Noise source of the encoder, which injects none.
fn never(shape: [usize; 2]) -> Tensor<2> {
    Tensor::zeros(shape, &Device::default())
}

impl Encoder {
    pub(super) fn new(config: &VaeConfig, device: &Device) -> Self {
        let kind = ResnetKind {
            inject_noise: false,
            timed: false,
            epsilon: config.resnet_norm_eps,
        };
        let patch = config.patch_size * config.patch_size * config.patch_size_t;
        let blocks = config.down_blocks();
        let last = blocks
            .last()
            .map_or(config.block_out_channels[0], |block| block.widths[1]);
        let middle = config.layers_per_block[blocks.len()];
        Self {
            conv_in: FrameConv::new([config.in_channels * patch, config.block_out_channels[0]], 3, 1, device),
            down: blocks.iter().map(|sizes| DownBlock::new(sizes, kind, device)).collect(),
            mid: (0..middle).map(|_| Resnet::new([last, last], kind, device)).collect(),
            conv_out: FrameConv::new([last, config.latent_channels + 1], 3, 1, device),
            patch: [config.patch_size, config.patch_size_t],
            causal: config.encoder_causal,
        }
    }

    /// Returns means and one log variance for all channels, `[batch, channels + 1, …]`.
    pub(super) fn forward(&self, x: Tensor<5>, seen: &mut dyn FnMut(Stage, &Tensor<5>)) -> Tensor<5> {
        let draw: &mut NoiseFn<'_> = &mut never;
        let mut x = self
            .conv_in
            .forward(patches(x, self.patch[0], self.patch[1]), self.causal);
        seen(Stage::In, &x);
        for (i, block) in self.down.iter().enumerate() {
            x = block.forward(x, self.causal, draw);
            seen(Stage::Block(i), &x);
        }
        for resnet in &self.mid {
            x = resnet.forward(x, None, self.causal, draw);
        }
        seen(Stage::Middle, &x);
        self.conv_out.forward(silu(channel_norm(x)), self.causal)
    }
}

impl DownBlock {
    fn new(sizes: &DownBlockSizes, kind: ResnetKind, device: &Device) -> Self {
        let [from, to] = sizes.widths;
        let space = sizes.kind == DownBlockType::Space;
        let fold = |factors: [usize; 3]| Fold {
            conv: FrameConv::new([from, to / factors.iter().product::<usize>()], 3, 1, device),
            factors,
        };
        let how = sizes.downsample;
        Self {
            resnets: (0..sizes.layers)
                .map(|_| Resnet::new([from, from], kind, device))
                .collect(),
            strided: how
                .filter(|_| !space)
                .map(|_| FrameConv::new([from, from], 3, 2, device)),
            folded: how.filter(|_| space).map(|how| fold(how.factors())),
            conv_out: (!space && from != to).then(|| Resnet::new([from, to], kind, device)),
        }
    }

    fn forward(&self, mut x: Tensor<5>, causal: bool, draw: &mut NoiseFn<'_>) -> Tensor<5> {
        for resnet in &self.resnets {
            x = resnet.forward(x, None, causal, draw);
        }
        if let Some(conv) = &self.strided {
            x = conv.forward(x, causal);
        }
        if let Some(fold) = &self.folded {
            x = fold.forward(x, causal);
        }
        match &self.conv_out {
            Some(resnet) => resnet.forward(x, None, causal, draw),
            None => x,
        }
    }
}

impl Fold {
    fn forward(&self, x: Tensor<5>, causal: bool) -> Tensor<5> {
        let x = match self.factors[0] {
            1 => x,
            pair => Tensor::cat(vec![x.clone().narrow(2, 0, 1).repeat_dim(2, pair - 1), x], 2),
        };
        let folded = space_to_depth(self.conv.forward(x.clone(), causal), self.factors);
        let [batch, channels, frames, rows, columns] = folded.dims();
        let beside = space_to_depth(x, self.factors);
        let group = beside.dims()[1] / channels;
        let beside = beside
            .reshape([batch, channels, group, frames * rows * columns])
            .mean_dim(2);
        folded + beside.reshape([batch, channels, frames, rows, columns])
    }
}
