//! Speed of LTX-Video: attention, a transformer block, the stages of the autoencoder, a sampling step; in elements per
//! second.
//!
//! The block has the published width and the tokens of 17 frames of 256 × 256 px; the autoencoder has the layout of
//! 0.9.5 at a quarter of its widths, for 9 frames of 128 × 128 px.

#![allow(clippy::unwrap_used)]

use std::hint::black_box;

use burn::tensor::{Device, Distribution, Tensor};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use diffusion_schedulers::{FlowScheduler, FlowStart};
use ltx_video::{Coordinates, LatentScale, Rotary, Timesteps};
use nn_kit::scaled_dot_product;

fn random<const D: usize>(shape: [usize; D]) -> Tensor<D> {
    Tensor::random(shape, Distribution::Normal(0.0, 1.0), &Device::flex())
}

fn transformer(c: &mut Criterion) {
    let mut group = c.benchmark_group("ltx");
    group.sample_size(10);
    for tokens in [192, 1296] {
        let [q, k, v] = [(); 3].map(|()| random([1, 6, tokens, 64]));
        group.throughput(Throughput::Elements(tokens as u64));
        group.bench_function(format!("attention, 6 heads, {tokens} tokens"), |b| {
            b.iter(|| black_box(scaled_dot_product(q.clone(), k.clone(), v.clone(), None, 0.125).into_data()));
        });
    }
    let device = Device::flex();
    let config = ltx_video::Config {
        num_layers: 1,
        ..ltx_video::Config::default()
    };
    let model = ltx_video::Transformer::new(&config, &device).unwrap();
    let places = Coordinates::grid(3, 8, 8, Some(LatentScale::PUBLISHED.at(25.0)));
    let input = ltx_video::Input {
        latents: random([1, 192, 128]),
        timesteps: Timesteps::Clip(vec![500.0]),
        text: random([1, 128, 4096]),
        text_mask: None,
        rotary: Rotary::new(&places, config.width(), &device),
    };
    group.throughput(Throughput::Elements(192));
    group.bench_function("transformer, 1 of 28 blocks, tokens", |b| {
        b.iter(|| black_box(model.forward(input.clone()).into_data()));
    });
    let schedule = FlowScheduler::default()
        .schedule(40, FlowStart::LinearQuadratic, 192)
        .unwrap();
    let (x, velocity, times) = (random([1, 192, 128]), random([1, 192, 128]), vec![0.5; 192]);
    group.bench_function("sampler step, tokens", |b| {
        b.iter(|| black_box(schedule.step_tokens(x.clone(), velocity.clone(), &times).into_data()));
    });
    group.finish();
}

fn autoencoder(c: &mut Criterion) {
    let config = ltx_video::VaeConfig {
        latent_channels: 32,
        block_out_channels: vec![32, 64, 128, 256, 512],
        layers_per_block: vec![1; 5],
        decoder_block_out_channels: vec![64, 128, 256],
        decoder_layers_per_block: vec![1; 4],
        ..ltx_video::Version::V095.config()
    };
    let model = ltx_video::Vae::new(&config, &Device::flex()).unwrap();
    let (clip, latents) = (random([1, 3, 9, 128, 128]), random([1, 32, 2, 4, 4]));
    let mut group = c.benchmark_group("ltx");
    group.sample_size(10).throughput(Throughput::Elements(9 * 128 * 128));
    group.bench_function("autoencoder, encode, pixels", |b| {
        b.iter(|| black_box(model.encode(clip.clone()).unwrap().mean.into_data()));
    });
    group.bench_function("autoencoder, decode, pixels", |b| {
        let mut draw = |[rows, columns]: [usize; 2]| random([rows, columns]);
        b.iter(|| black_box(model.decode(latents.clone(), Some(0.05), &mut draw).into_data()));
    });
    group.finish();
}

criterion_group!(benches, transformer, autoencoder);
criterion_main!(benches);
