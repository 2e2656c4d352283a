//! Encoder and decoder networks.

use burn::module::Module;
use burn::nn::GroupNorm;
use burn::nn::conv::Conv2d;
use burn::tensor::activation::silu;
use burn::tensor::{Device, Tensor};

use super::KlAutoencoderConfig;
use super::blocks::{PixelAttention, ResnetBlock, conv, doubled, downsample, norm};
use cpu_kernels::conv2d;

/// Two residual blocks with attention between them.
#[derive(Module, Debug)]
struct Middle {
    block_1: ResnetBlock,
    attn_1: PixelAttention,
    block_2: ResnetBlock,
}

impl Middle {
    fn new(channels: usize, device: &Device) -> Self {
        Self {
            block_1: ResnetBlock::new([channels, channels], device),
            attn_1: PixelAttention::new(channels, device),
            block_2: ResnetBlock::new([channels, channels], device),
        }
    }

    fn forward(&self, x: Tensor<4>) -> Tensor<4> {
        self.block_2.forward(self.attn_1.forward(self.block_1.forward(x)))
    }
}

/// Residual blocks of one resolution, each followed by attention if the level has attention.
#[derive(Module, Debug)]
struct Level {
    block: Vec<ResnetBlock>,
    attn: Vec<PixelAttention>,
    downsample: Option<Conv2d>,
    upsample: Option<Conv2d>,
}

impl Level {
    fn new(from: usize, to: usize, blocks: usize, attention: bool, device: &Device) -> Self {
        let block = |i| ResnetBlock::new([if i == 0 { from } else { to }, to], device);
        let attentions = if attention { blocks } else { 0 };
        Self {
            block: (0..blocks).map(block).collect(),
            attn: (0..attentions).map(|_| PixelAttention::new(to, device)).collect(),
            downsample: None,
            upsample: None,
        }
    }

    fn forward(&self, mut x: Tensor<4>) -> Tensor<4> {
        for (i, block) in self.block.iter().enumerate() {
            x = block.forward(x);
            if let Some(attention) = self.attn.get(i) {
                x = attention.forward(x);
            }
        }
        if let Some(downsample) = &self.downsample {
            x = conv2d(downsample, x);
        }
        match &self.upsample {
            Some(upsample) => conv2d(upsample, doubled(x)),
            None => x,
        }
    }
}

/// Encoder from images to moments, without the last 1 × 1 convolution.
#[derive(Module, Debug)]
pub struct KlEncoder {
    conv_in: Conv2d,
    down: Vec<Level>,
    mid: Middle,
    norm_out: GroupNorm,
    conv_out: Conv2d,
}

impl KlEncoder {
    pub(super) fn new(config: &KlAutoencoderConfig, device: &Device) -> Self {
        let width = config.width;
        let mut channels = width;
        let mut down = Vec::with_capacity(config.multiples.len());
        for (i, multiple) in config.multiples.iter().enumerate() {
            let from = std::mem::replace(&mut channels, multiple * width);
            let attention = config.encoder_attention.contains(&i);
            let mut level = Level::new(from, channels, config.blocks, attention, device);
            let last = i + 1 == config.multiples.len();
            level.downsample = (!last).then(|| downsample(channels, device));
            down.push(level);
        }
        Self {
            conv_in: conv([3, width], 3, device),
            down,
            mid: Middle::new(channels, device),
            norm_out: norm(channels, device),
            conv_out: conv([channels, 2 * config.channels], 3, device),
        }
    }

    pub(super) fn forward(&self, pictures: Tensor<4>) -> Tensor<4> {
        let x = conv2d(&self.conv_in, pictures);
        let x = self.down.iter().fold(x, |x, level| level.forward(x));
        let x = self.norm_out.forward(self.mid.forward(x));
        conv2d(&self.conv_out, silu(x))
    }
}

/// Decoder from latents to images, without the first 1 × 1 convolution.
#[derive(Module, Debug)]
pub struct KlDecoder {
    conv_in: Conv2d,
    mid: Middle,
    /// Levels from the finest to the coarsest; applied in reverse order.
    up: Vec<Level>,
    norm_out: GroupNorm,
    conv_out: Conv2d,
}

impl KlDecoder {
    pub(super) fn new(config: &KlAutoencoderConfig, device: &Device) -> Self {
        let width = config.width;
        let deepest = config.multiples.last().map_or(width, |multiple| multiple * width);
        let mut channels = deepest;
        let mut up = Vec::with_capacity(config.multiples.len());
        for (i, multiple) in config.multiples.iter().enumerate().rev() {
            let from = std::mem::replace(&mut channels, multiple * width);
            let attention = config.decoder_attention.contains(&i);
            let mut level = Level::new(from, channels, config.blocks + 1, attention, device);
            level.upsample = (i > 0).then(|| conv([channels, channels], 3, device));
            up.push(level);
        }
        up.reverse();
        Self {
            conv_in: conv([config.channels, deepest], 3, device),
            mid: Middle::new(deepest, device),
            up,
            norm_out: norm(channels, device),
            conv_out: conv([channels, 3], 3, device),
        }
    }

    pub(super) fn forward(&self, latents: Tensor<4>) -> Tensor<4> {
        let x = self.mid.forward(conv2d(&self.conv_in, latents));
        let x = self.up.iter().rev().fold(x, |x, level| level.forward(x));
        conv2d(&self.conv_out, silu(self.norm_out.forward(x)))
    }
}
