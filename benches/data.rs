//! Speed of `pusht-data`: batches by reference, frames of simulated episodes.
#![allow(missing_docs)]

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use pusht_data::{
    Batch, Episode, FrameRef, Loader, SeededTrajectory, SimulatedSet, Simulation, Split, SplitProtocol, Start,
    Transform,
};
use pusht_jobs::JobContext;
use rand::seq::SliceRandom;
use rand::{RngExt, SeedableRng};
use rand_pcg::Pcg64;

const ROWS: usize = 125;

/// Random walks over the board, with as many rows as a demonstration.
fn set(episodes: u64) -> SimulatedSet {
    let mut rng = Pcg64::seed_from_u64(0);
    let trajectories = (0..episodes).map(|seed| {
        let mut at = [256.0_f32, 256.0];
        let mut step = || {
            at = at.map(|x| (x + rng.random_range(-20.0..20.0)).clamp(30.0, 480.0));
            at
        };
        SeededTrajectory::new(Start::Seed(seed), (0..ROWS).map(|_| step()).collect())
    });
    SimulatedSet::new("walk", "random", Simulation::DIFFUSION_POLICY, trajectories.collect()).expect("a set")
}

fn batches(c: &mut Criterion) {
    let set = set(20);
    let episodes = set.episodes(0..set.len(), &mut JobContext::silent()).expect("episodes");
    let lengths: Vec<usize> = episodes.iter().map(Episode::len).collect();
    let split = Split::new(&lengths, SplitProtocol::ByFrame, 1, 0).expect("a split");
    let mut group = c.benchmark_group("batch of 256");
    for (name, transforms) in [
        ("as they are", vec![Transform::IDENTITY]),
        ("flips and quarter turns", Transform::dihedral()),
        ("fourteen transforms", Transform::fourteen()),
    ] {
        let loader = Loader::new(&episodes, &transforms).expect("a loader");
        let mut refs: Vec<FrameRef> = split.augmented_train(transforms.len());
        refs.shuffle(&mut Pcg64::seed_from_u64(1));
        let mut batch = Batch::default();
        let mut next = 0;
        group.throughput(Throughput::Elements(256));
        group.bench_function(name, |b| {
            b.iter(|| {
                next = (next + 256) % (refs.len() - 256);
                loader.batch_into(&refs[next..next + 256], &mut batch).expect("a batch");
            });
        });
    }
    group.finish();
}

fn simulated(c: &mut Criterion) {
    let set = set(16);
    let mut group = c.benchmark_group("simulated episodes");
    group
        .sample_size(10)
        .throughput(Throughput::Elements((set.len() * ROWS) as u64));
    group.bench_function("frames and states", |b| {
        b.iter_batched(
            || (),
            |()| set.episodes(0..set.len(), &mut JobContext::silent()).expect("episodes"),
            BatchSize::LargeInput,
        );
    });
    group.finish();
}

criterion_group!(benches, batches, simulated);
criterion_main!(benches);
