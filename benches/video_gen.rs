//! Speed of the diffusion transformer: the forward pass of one block, and one sampling step of the object-latent model.

use std::hint::black_box;

use burn::tensor::{Device, Distribution, Tensor};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use nn_kit::DitBlockConfig;
use video_gen::{NoisyClips, ObjectLatentConfig, Scales};

/// One block at the width of the object-latent model, in tokens per second.
fn block(c: &mut Criterion) {
    let device = Device::flex();
    let block = DitBlockConfig::new(128, 4).init(&device);
    let mut group = c.benchmark_group("dit block forward, width 128");
    for (batch, tokens) in [(1, 16), (64, 16), (4, 256)] {
        let x = Tensor::<3>::random([batch, tokens, 128], Distribution::Default, &device);
        let condition = Tensor::<2>::random([batch, 128], Distribution::Default, &device);
        group.throughput(Throughput::Elements((batch * tokens) as u64));
        group.bench_function(format!("{batch} x {tokens} tokens"), |b| {
            b.iter(|| black_box(block.forward(x.clone(), condition.clone()).into_data()));
        });
    }
    group.finish();
}

/// One velocity prediction for one clip, as in sampling; in frames per second.
fn sampler_step(c: &mut Criterion) {
    let device = Device::flex();
    let net = ObjectLatentConfig::new().init(&device);
    let scales = Scales::new([100.0; 6], [5.0; 6], &device);
    let mut group = c.benchmark_group("object-latent sampler step");
    for frames in [16, 64] {
        let clips = NoisyClips {
            path: Tensor::random([1, frames, 6], Distribution::Default, &device),
            line: Tensor::full([1, frames, 6], 60.0, &device),
            time: Tensor::full([1], 0.5, &device),
            condition: Tensor::zeros([1, 18], &device),
        };
        group.throughput(Throughput::Elements(frames as u64));
        group.bench_function(format!("{frames} frames"), |b| {
            b.iter(|| black_box(net.forward(clips.clone(), &scales).into_data()));
        });
    }
    group.finish();
}

criterion_group!(benches, block, sampler_step);
criterion_main!(benches);
