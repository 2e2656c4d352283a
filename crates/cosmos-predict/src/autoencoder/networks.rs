//! Encoder and decoder networks.

use burn::module::Module;
use burn::tensor::Device;
use burn::tensor::activation::silu;

use super::blocks::{Attention, Downsample, Resnet, Upsample};
use super::config::AutoencoderConfig;
use super::layers::{Clip, FrameNorm, Projection};

/// Encoder level: residual blocks, each followed by attention in space and in time if the level has attention, then
/// downsampling.
#[derive(Module, Debug)]
pub(super) struct DownLevel {
    resnets: Vec<Resnet>,
    attentions: Vec<Attention>,
    temp_attentions: Vec<Attention>,
    downsamplers: Vec<Downsample>,
}

/// Decoder level: residual blocks with attention, then upsampling.
#[derive(Module, Debug)]
pub(super) struct UpLevel {
    resnets: Vec<Resnet>,
    attentions: Vec<Attention>,
    temp_attentions: Vec<Attention>,
    upsamplers: Vec<Upsample>,
}

/// A residual block, attention in space and in time, a residual block.
#[derive(Module, Debug)]
pub(super) struct Middle {
    resnets: Vec<Resnet>,
    attentions: Vec<Attention>,
    temp_attentions: Vec<Attention>,
}

fn resnets([from, to]: [usize; 2], count: usize, device: &Device) -> Vec<Resnet> {
    let channels = |i| if i == 0 { [from, to] } else { [to, to] };
    (0..count).map(|i| Resnet::new(channels(i), device)).collect()
}

fn attentions(channels: usize, count: usize, device: &Device) -> Vec<Attention> {
    (0..count).map(|_| Attention::new(channels, device)).collect()
}

/// Applies the blocks in order, each followed by its attention, if any.
fn run(resnets: &[Resnet], attentions: &[Attention], temporal: &[Attention], clip: Clip) -> Clip {
    resnets.iter().enumerate().fold(clip, |clip, (i, resnet)| {
        let clip = resnet.forward(clip);
        match (attentions.get(i), temporal.get(i)) {
            (Some(space), Some(time)) => time.in_time(space.in_space(clip)),
            _ => clip,
        }
    })
}

impl Middle {
    fn new(channels: usize, device: &Device) -> Self {
        Self {
            resnets: resnets([channels; 2], 2, device),
            attentions: attentions(channels, 1, device),
            temp_attentions: attentions(channels, 1, device),
        }
    }

    pub(super) fn forward(&self, clip: Clip) -> Clip {
        run(&self.resnets, &self.attentions, &self.temp_attentions, clip)
    }
}

/// Encoder from cubes of pixels to latents.
#[derive(Module, Debug)]
pub struct Encoder {
    conv_in: Projection,
    down_blocks: Vec<DownLevel>,
    mid_block: Middle,
    norm_out: FrameNorm,
    conv_out: Projection,
}

impl Encoder {
    pub(super) fn new(config: &AutoencoderConfig, device: &Device) -> Self {
        let widths = &config.encoder_block_out_channels;
        let last = widths[widths.len() - 1];
        let level = |(i, pair): (usize, &[usize])| {
            let halves = config.halves(i);
            let attended = if config.attends(i) { config.num_layers } else { 0 };
            DownLevel {
                resnets: resnets([pair[0], pair[1]], config.num_layers, device),
                attentions: attentions(pair[1], attended, device),
                temp_attentions: attentions(pair[1], attended, device),
                downsamplers: (0..usize::from(halves.0 || halves.1))
                    .map(|_| Downsample::new(pair[1], halves, device))
                    .collect(),
            }
        };
        Self {
            conv_in: Projection::new([config.in_channels * config.cube(), widths[0]], device),
            down_blocks: widths.windows(2).enumerate().map(level).collect(),
            mid_block: Middle::new(last, device),
            norm_out: FrameNorm::new(last, device),
            conv_out: Projection::new([last, config.latent_channels], device),
        }
    }

    /// Applies the encoder; `seen` is called with the result of each stage.
    pub(super) fn forward(&self, clip: Clip, seen: &mut dyn FnMut(String, &Clip)) -> Clip {
        let mut clip = self.conv_in.forward(clip);
        seen("conv_in".to_string(), &clip);
        for (i, level) in self.down_blocks.iter().enumerate() {
            clip = run(&level.resnets, &level.attentions, &level.temp_attentions, clip);
            for halve in &level.downsamplers {
                clip = halve.forward(clip);
            }
            seen(format!("down_blocks.{i}"), &clip);
        }
        clip = self.mid_block.forward(clip);
        seen("mid_block".to_string(), &clip);
        self.conv_out.forward(clip.each(|x| silu(self.norm_out.forward(x))))
    }
}

/// Decoder from latents to cubes of pixels.
#[derive(Module, Debug)]
pub struct Decoder {
    conv_in: Projection,
    mid_block: Middle,
    up_blocks: Vec<UpLevel>,
    norm_out: FrameNorm,
    conv_out: Projection,
}

impl Decoder {
    pub(super) fn new(config: &AutoencoderConfig, device: &Device) -> Self {
        let widths: Vec<usize> = config.decode_block_out_channels.iter().rev().copied().collect();
        let levels = widths.len() - 1;
        let level = |(i, pair): (usize, &[usize])| {
            let doubles = config.doubles(i);
            // Levels are counted from the latents.
            let deep = levels - 1 - i;
            let attended = if config.attends(deep) { config.num_layers + 1 } else { 0 };
            UpLevel {
                resnets: resnets([pair[0], pair[1]], config.num_layers + 1, device),
                attentions: attentions(pair[1], attended, device),
                temp_attentions: attentions(pair[1], attended, device),
                upsamplers: (0..usize::from(doubles.0 || doubles.1))
                    .map(|_| Upsample::new(pair[1], doubles, device))
                    .collect(),
            }
        };
        Self {
            conv_in: Projection::new([config.latent_channels, widths[0]], device),
            mid_block: Middle::new(widths[0], device),
            up_blocks: widths.windows(2).enumerate().map(level).collect(),
            norm_out: FrameNorm::new(widths[levels], device),
            conv_out: Projection::new([widths[levels], config.out_channels * config.cube()], device),
        }
    }

    /// Applies the decoder; `seen` is called with the result of each stage.
    pub(super) fn forward(&self, clip: Clip, seen: &mut dyn FnMut(String, &Clip)) -> Clip {
        let mut clip = self.conv_in.forward(clip);
        seen("conv_in".to_string(), &clip);
        clip = self.mid_block.forward(clip);
        seen("mid_block".to_string(), &clip);
        for (i, level) in self.up_blocks.iter().enumerate() {
            clip = run(&level.resnets, &level.attentions, &level.temp_attentions, clip);
            for double in &level.upsamplers {
                clip = double.forward(clip);
            }
            seen(format!("up_blocks.{i}"), &clip);
        }
        self.conv_out.forward(clip.each(|x| silu(self.norm_out.forward(x))))
    }
}
