//! Speed of Cosmos-Predict1: a block of the transformer, the stages of the autoencoder, a step of the scheduler.
//!
//! The block has a quarter of the published width and 512 tokens; the autoencoder is the published one on 9 frames of
//! 64 × 64 px, so that a run takes seconds on two cores.

#![allow(clippy::unwrap_used)]
#![recursion_limit = "256"]

use std::hint::black_box;

use burn::tensor::{Device, Distribution, Tensor};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use diffusion_schedulers::{EdmConfig, Scheduler};
use training::init_seeded;

fn random<const D: usize>(shape: [usize; D], device: &Device) -> Tensor<D> {
    Tensor::random(shape, Distribution::Normal(0.0, 1.0), device)
}

fn transformer(c: &mut Criterion) {
    let config = cosmos_predict::Config {
        num_attention_heads: 8,
        num_layers: 1,
        ..cosmos_predict::Config::video2world_7b()
    };
    let mut group = c.benchmark_group("cosmos transformer, one block of width 1024");
    group.sample_size(10).throughput(Throughput::Elements(512));
    for (name, device) in [
        ("forward, tokens", Device::flex()),
        ("forward and backward, tokens", Device::flex().autodiff()),
    ] {
        let model = init_seeded(0, &device, |device| {
            cosmos_predict::Transformer::new(&config, device).unwrap()
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
        group.bench_function(name, |b| {
            b.iter(|| {
                let y = model.forward(input.clone()).unwrap();
                if device.is_autodiff() {
                    black_box(y.square().mean().backward());
                } else {
                    black_box(y.into_data());
                }
            });
        });
    }
    group.finish();
}

fn autoencoder(c: &mut Criterion) {
    let mut group = c.benchmark_group("cosmos autoencoder, 9 frames of 64 × 64");
    group.sample_size(10).throughput(Throughput::Elements(9 * 64 * 64));
    let config = cosmos_predict::AutoencoderConfig::default();
    for (pass, device) in [
        ("forward", Device::flex()),
        ("forward and backward", Device::flex().autodiff()),
    ] {
        let model = init_seeded(0, &device, |device| {
            cosmos_predict::Autoencoder::new(&config, device).unwrap()
        });
        let (clip, latents) = (random([1, 3, 9, 64, 64], &device), random([1, 16, 2, 8, 8], &device));
        let run = |y: Tensor<5>| {
            if device.is_autodiff() {
                black_box(y.square().mean().backward());
            } else {
                black_box(y.into_data());
            }
        };
        group.bench_function(format!("encode, {pass}, pixels"), |b| {
            b.iter(|| run(model.encode(clip.clone()).unwrap()));
        });
        group.bench_function(format!("decode, {pass}, pixels"), |b| {
            b.iter(|| run(model.decode(latents.clone()).unwrap()));
        });
    }
    group.finish();
}

fn scheduler(c: &mut Criterion) {
    let device = Device::flex();
    let schedule = EdmConfig::default().schedule(36).unwrap();
    let (x, output) = (random([1, 16, 5, 32, 32], &device), random([1, 16, 5, 32, 32], &device));
    let mut group = c.benchmark_group("cosmos scheduler");
    group.throughput(Throughput::Elements(16 * 5 * 32 * 32));
    group.bench_function("a step, numbers", |b| {
        b.iter(|| {
            let denoised = schedule.denoised(x.clone(), output.clone(), 10);
            black_box(schedule.step(x.clone(), denoised, 10, Tensor::zeros_like).into_data())
        });
    });
    group.finish();
}

criterion_group!(all, transformer, autoencoder, scheduler);
criterion_main!(all);
