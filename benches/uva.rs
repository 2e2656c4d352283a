//! Speed of Unified Video Action: one transformer stack, the action head and the autoencoder, in elements per second.
//!
//! Width and number of tokens are the published ones. To take seconds on two cores, a run uses two of the twelve equal
//! blocks of encoder and decoder, ten of the sampler's hundred steps, and images of 64 × 64 px (a sixteenth of the
//! published area).

#![allow(clippy::unwrap_used)]

use std::hint::black_box;

use burn::tensor::{Device, Tensor};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use diffusion_schedulers::LearnedVarianceSchedule;
use unified_video_action::{Config, Net, Task};

fn benches(c: &mut Criterion) {
    let device = Device::flex();
    let mut config = Config::default();
    config.encoder.depth = 2;
    config.decoder.depth = 2;
    config.action_head.steps = 10;
    let net = Net::new(&config, &device);
    let future = Tensor::ones([1, config.frames, config.channels(), config.side, config.side], &device);
    let task = Task::Inverse { future };
    let encoded = net.encode(&task);
    let z = net.decode(encoded.clone());
    let schedule = LearnedVarianceSchedule::cosine(config.training_steps, config.action_head.steps).unwrap();
    let noise = Tensor::ones([config.actions, config.action_numbers], &device);

    let mut group = c.benchmark_group("uva");
    group.sample_size(10);
    group.throughput(Throughput::Elements(config.tokens() as u64));
    group.bench_function("encoder, 2 of 12 blocks, tokens", |b| {
        b.iter(|| black_box(net.encode(&task).into_data()));
    });
    group.bench_function("decoder, 2 of 12 blocks, tokens", |b| {
        b.iter(|| black_box(net.decode(encoded.clone()).into_data()));
    });
    group.throughput(Throughput::Elements(config.actions as u64));
    group.bench_function("action head, 10 of 100 steps, actions", |b| {
        b.iter(|| {
            let condition = net.diffactloss.condition(z.clone());
            let draw = || noise.clone();
            let actions = net.diffactloss.sample(&schedule, condition, noise.clone(), 0.95, draw);
            black_box(actions.into_data())
        });
    });
    let autoencoder = config.autoencoder.init(&device);
    let pictures = Tensor::ones([1, 3, 64, 64], &device);
    let latents = Tensor::ones([1, config.channels(), 4, 4], &device);
    group.throughput(Throughput::Elements(64 * 64));
    group.bench_function("autoencoder, encode 64 × 64, pixels", |b| {
        b.iter(|| black_box(autoencoder.moments(pictures.clone()).into_data()));
    });
    group.bench_function("autoencoder, decode 64 × 64, pixels", |b| {
        b.iter(|| black_box(autoencoder.decode(latents.clone()).into_data()));
    });
    group.finish();
}

criterion_group!(all, benches);
criterion_main!(all);
