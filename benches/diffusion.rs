//! Speed of Diffusion Policy: the U-Net's forward and backward pass, the samplers, the image encoder.
#![recursion_limit = "256"]

use bc_policy::{DiffusionConfig, DiffusionLowdim, PolicyConfig, PolicyKind, RgbEncoder, Sampler, Unet, UnetConfig};
use burn::module::Module;
use burn::tensor::{Device, Distribution, Tensor};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use pusht_data::{Episode, Provenance, Split, SplitProtocol};
use pusht_env::{Frame, GOAL, Pose, State};
use pusht_jobs::JobContext;
use pusht_training::TrainSpec;
use training::init_seeded;

/// Sequences per update.
const BATCH: usize = 256;
/// Environments that request actions at once.
const ENVS: usize = 8;
/// Length of the condition vector.
const CONDITION: usize = 60;

fn random<const D: usize>(shape: [usize; D], device: &Device) -> Tensor<D> {
    Tensor::random(shape, Distribution::Normal(0.0, 1.0), device)
}

fn unet(c: &mut Criterion) {
    let device = Device::flex().autodiff();
    let mut group = c.benchmark_group("unet");
    group.sample_size(10).throughput(Throughput::Elements(BATCH as u64));
    let build = |device: &Device| Unet::new(&UnetConfig::default(), 2, CONDITION, device);
    let net = init_seeded(0, &device, build).train();
    let (x, cond) = (random([BATCH, 16, 2], &device), random([BATCH, CONDITION], &device));
    let steps: Vec<usize> = (0..BATCH).map(|i| i % 100).collect();
    group.bench_function("forward and backward, 256 sequences", |b| {
        b.iter(|| net.forward(x.clone(), &steps, cond.clone()).square().mean().backward());
    });
    group.finish();
}

/// A policy after one update.
fn policy() -> DiffusionLowdim {
    let state = |i: usize| {
        let t = i as f64;
        State {
            agent: [256.0 + 150.0 * (0.07 * t).sin(), 256.0 + 150.0 * (0.11 * t).cos()],
            block: Pose::new(256.0, 200.0 + 0.1 * t, 0.02 * t),
        }
    };
    let episode = |index: usize| {
        let states: Vec<State> = (0..30).map(|row| state(30 * index + row)).collect();
        Episode {
            frames: vec![Frame::new(1, 1); states.len()],
            actions: states.iter().map(|s| s.agent.map(|x| x as f32)).collect(),
            states: Some(states),
            goal: GOAL,
            provenance: Provenance {
                source: "synthetic".into(),
                index,
                seed: None,
                actions: "recorded".into(),
            },
        }
    };
    let episodes: Vec<Episode> = (0..5).map(episode).collect();
    let split = Split::new(&[30; 5], SplitProtocol::ByEpisode, 1, 0).expect("five episodes are enough");
    let mut config = PolicyConfig::new(PolicyKind::DIFFUSION_LOWDIM, 0);
    (
        config.train.epochs,
        config.train.steps_per_epoch,
        config.train.batch_size,
    ) = (1, Some(1), 8);
    let spec = TrainSpec::new(config).with_split(&episodes, &split);
    let trained = spec.run(&mut JobContext::silent()).expect("the data is sound");
    let policy = trained.model.downcast_ref::<DiffusionLowdim>();
    policy.expect("the kind that was trained").clone()
}

fn samplers(c: &mut Criterion) {
    let policy = policy();
    let histories = vec![
        (
            vec![
                State {
                    agent: [100.0, 300.0],
                    block: Pose::new(200.0, 200.0, 1.0)
                };
                2
            ],
            GOAL
        );
        ENVS
    ];
    let seeds: Vec<u64> = (0..ENVS as u64).collect();
    let mut group = c.benchmark_group("actions for 8 environments");
    group.sample_size(10).throughput(Throughput::Elements(ENVS as u64));
    for (name, sampler, sampler_steps) in [
        ("DDPM, 100 steps", Sampler::Ddpm, 100),
        ("DDIM, 16 steps", Sampler::Ddim, 16),
        ("DDIM, 10 steps", Sampler::Ddim, 10),
    ] {
        let config = DiffusionConfig {
            sampler,
            sampler_steps,
            ..policy.config().clone()
        };
        let policy = policy.clone().with_sampler(&config).expect("settings that work");
        group.bench_function(name, |b| {
            b.iter(|| policy.sequences(&histories, &seeds).expect("two states each"));
        });
    }
    group.finish();
}

fn encoder(c: &mut Criterion) {
    let mut group = c.benchmark_group("image encoder, 16 pictures of 84×84");
    group.sample_size(10).throughput(Throughput::Elements(16));
    let build = |device: &Device| RgbEncoder::new(32, device);
    let plain = Device::flex();
    let (net, x) = (init_seeded(0, &plain, build).valid(), random([16, 3, 84, 84], &plain));
    group.bench_function("forward", |b| b.iter(|| net.forward(x.clone()).into_data()));
    let device = Device::flex().autodiff();
    let (net, x) = (init_seeded(0, &device, build).train(), random([16, 3, 84, 84], &device));
    group.bench_function("forward and backward", |b| {
        b.iter(|| net.forward(x.clone()).square().mean().backward());
    });
    group.finish();
}

criterion_group!(benches, unet, samplers, encoder);
criterion_main!(benches);
