//! LTX-Video: a transformer block at the published width and at that of a PushT-sized model, and the autoencoder.

use burn::module::Module;
use burn::tensor::{Device, Distribution, Tensor};
use ltx_video::{Coordinates, LatentScale, Rotary, Timesteps};
use training::init_seeded;

use crate::{Case, Run};

pub const CASES: &[Case] = &[
    ("ltx-block", || block(&published(), [3, 8, 8], false)),
    ("ltx-block-train", || block(&published(), [3, 8, 8], true)),
    ("ltx-block-small", || block(&small(), [9, 12, 12], false)),
    ("ltx-block-small-train", || block(&small(), [9, 12, 12], true)),
    ("ltx-vae-encode", || encode(false)),
    ("ltx-vae-encode-train", || encode(true)),
    ("ltx-vae-decode", || decode(false)),
    ("ltx-vae-decode-train", || decode(true)),
];

/// One block of the published 2B model.
fn published() -> ltx_video::Config {
    ltx_video::Config {
        num_layers: 1,
        ..ltx_video::Config::default()
    }
}

/// Two blocks of a model for PushT.
fn small() -> ltx_video::Config {
    ltx_video::Config {
        num_attention_heads: 6,
        cross_attention_dim: 384,
        num_layers: 2,
        caption_channels: 128,
        ..ltx_video::Config::default()
    }
}

fn random<const D: usize>(shape: [usize; D], device: &Device) -> Tensor<D> {
    Tensor::random(shape, Distribution::Normal(0.0, 1.0), device)
}

fn autodiff(train: bool) -> Device {
    if train {
        Device::flex().autodiff()
    } else {
        Device::flex()
    }
}

/// Forward pass, with the backward pass if `train`, for latents of this size and 128 tokens of text.
fn block(config: &ltx_video::Config, [frames, rows, columns]: [usize; 3], train: bool) -> Run {
    let device = autodiff(train);
    let build = |device: &Device| ltx_video::Transformer::new(config, device).expect("sizes of a model");
    let model = init_seeded(0, &Device::flex(), build);
    let model = if train { model.train() } else { model };
    let tokens = frames * rows * columns;
    let places = Coordinates::grid(frames, rows, columns, Some(LatentScale::PUBLISHED.at(25.0)));
    let input = ltx_video::Input {
        latents: random([1, tokens, config.in_channels], &device),
        timesteps: Timesteps::Clip(vec![500.0]),
        text: random([1, 128, config.caption_channels], &device),
        text_mask: Some(Tensor::ones([1, 128], &device)),
        rotary: Rotary::new(&places, config.width(), &device),
    };
    Box::new(move || {
        let velocity = model.forward(input.clone());
        if train {
            drop(velocity.square().mean().backward());
        } else {
            drop(velocity.into_data());
        }
    })
}

/// The layout of 0.9.5 at a quarter of its widths with one residual block each.
fn autoencoder() -> ltx_video::VaeConfig {
    ltx_video::VaeConfig {
        latent_channels: 32,
        block_out_channels: vec![32, 64, 128, 256, 512],
        layers_per_block: vec![1; 5],
        decoder_block_out_channels: vec![64, 128, 256],
        decoder_layers_per_block: vec![1; 4],
        ..ltx_video::Version::V095.config()
    }
}

fn vae(train: bool) -> ltx_video::Vae {
    let build = |device: &Device| ltx_video::Vae::new(&autoencoder(), device).expect("sizes of a model");
    let model = init_seeded(0, &Device::flex(), build);
    if train { model.train() } else { model }
}

fn encode(train: bool) -> Run {
    let model = vae(train);
    let clip = random([1, 3, 9, 128, 128], &autodiff(train));
    Box::new(move || {
        let latents = model.encode(clip.clone()).expect("a size of the model").mean;
        if train {
            drop(latents.square().mean().backward());
        } else {
            drop(latents.into_data());
        }
    })
}

fn decode(train: bool) -> Run {
    let model = vae(train);
    let latents = random([1, 32, 2, 4, 4], &autodiff(train));
    Box::new(move || {
        let clip = model.decode(latents.clone(), Some(0.05), &mut |[rows, columns]| {
            Tensor::zeros([rows, columns], &Device::flex())
        });
        if train {
            drop(clip.square().mean().backward());
        } else {
            drop(clip.into_data());
        }
    })
}
