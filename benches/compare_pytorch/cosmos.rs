//! Cosmos-Predict1: a transformer of one block at a quarter of the published width, and the published autoencoder.

use burn::module::Module;
use burn::optim::GradientsParams;
use burn::tensor::{Device, Distribution, Tensor};
use training::init_seeded;

use crate::{Case, Run};

/// All cases.
pub const CASES: &[Case] = &[
    ("cosmos-block-infer", || block(false)),
    ("cosmos-block-train", || block(true)),
    ("cosmos-encode", || encode(false)),
    ("cosmos-decode", || decode(false)),
    ("cosmos-encode-train", || encode(true)),
    ("cosmos-decode-train", || decode(true)),
];

fn random<const D: usize>(shape: [usize; D], device: &Device) -> Tensor<D> {
    Tensor::random(shape, Distribution::Normal(0.0, 1.0), device)
}

fn device(training: bool) -> Device {
    if training {
        Device::flex().autodiff()
    } else {
        Device::flex()
    }
}

/// Runs the forward pass, and the backward pass if `training`.
fn finish<const D: usize, M: Module>(y: Tensor<D>, model: &M, training: bool) {
    if training {
        drop(GradientsParams::from_grads(y.square().mean().backward(), model));
    } else {
        drop(y.into_data());
    }
}

/// 512 tokens of width 1024 and a prompt of 128 words.
fn block(training: bool) -> Run {
    let device = device(training);
    let config = cosmos_predict::Config {
        num_attention_heads: 8,
        num_layers: 1,
        ..cosmos_predict::Config::video2world_7b()
    };
    let model = init_seeded(0, &device, |device| {
        cosmos_predict::Transformer::new(&config, device).expect("a model")
    });
    let input = cosmos_predict::Input {
        latents: random([1, 16, 2, 32, 32], &device),
        time: cosmos_predict::Time::Clip(random([1], &device)),
        text: random([1, 128, 1024], &device),
        text_bias: None,
        condition: Some(Tensor::zeros([1, 1, 2, 32, 32], &device)),
        padding: None,
        fps: Some(24.0),
    };
    Box::new(move || {
        let y = model.forward(input.clone()).expect("input that fits");
        finish(y, &model, training);
    })
}

fn autoencoder(device: &Device) -> cosmos_predict::Autoencoder {
    let config = cosmos_predict::AutoencoderConfig::default();
    init_seeded(0, device, |device| {
        cosmos_predict::Autoencoder::new(&config, device).expect("a model")
    })
}

/// 9 frames of 64 × 64.
fn encode(training: bool) -> Run {
    let device = device(training);
    let model = autoencoder(&device);
    let x = random([1, 3, 9, 64, 64], &device);
    Box::new(move || finish(model.encode(x.clone()).expect("a clip that fits"), &model, training))
}

fn decode(training: bool) -> Run {
    let device = device(training);
    let model = autoencoder(&device);
    let x = random([1, 16, 2, 8, 8], &device);
    Box::new(move || finish(model.decode(x.clone()).expect("latents that fit"), &model, training))
}
