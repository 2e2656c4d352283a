//! Speed of the renderer in images per second, and of the tracker in frames per second, on one core.

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use pusht_env::{ContactTick, FillRule, Frame, GOAL, Pose, Renderer, Scene};
use pusht_vision::{ActionSmoother, InitialMotion, Tracker, actions_from_track, agent_step};
use std::hint::black_box;

/// Scenes over the whole board, every third with a contact tick.
fn scenes() -> Vec<Scene> {
    (0..256)
        .map(|i| {
            // Irrational steps fill the ranges evenly.
            let spread = |k: f64, low: f64, high: f64| low + (high - low) * (f64::from(i) * k).fract();
            let agent = [spread(0.618, 40.0, 470.0), spread(0.414, 40.0, 470.0)];
            let block = Pose::new(
                spread(0.732, 130.0, 380.0),
                spread(0.236, 130.0, 380.0),
                spread(0.303, 0.0, std::f64::consts::TAU),
            );
            let tick = ContactTick {
                from: agent,
                to: [agent[0] + 3.0, agent[1] - 2.0],
            };
            Scene {
                agent,
                block,
                goal: GOAL,
                contacts: vec![tick; usize::from(i % 3 == 0)],
            }
        })
        .collect()
}

fn rendering(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("render");
    let scenes = scenes();
    group.throughput(Throughput::Elements(scenes.len() as u64));
    for size in [96, 512, 680] {
        let Ok(mut renderer) = Renderer::new(size, FillRule::default()) else {
            continue;
        };
        let mut picture = Frame::new(size, size);
        group.bench_function(format!("{size}x{size}"), |bencher| {
            bencher.iter(|| {
                for scene in &scenes {
                    let _ = renderer.render_into(black_box(scene), &mut picture);
                    black_box(&picture);
                }
            });
        });
    }
    group.finish();
}

fn tracking(criterion: &mut Criterion) {
    let (Ok(mut renderer), Ok(tracker)) = (Renderer::new(96, FillRule::default()), Tracker::new(GOAL)) else {
        return;
    };
    let mut group = criterion.benchmark_group("track");
    let frames: Vec<Frame> = scenes().iter().map(|scene| renderer.render(scene)).collect();
    group.throughput(Throughput::Elements(frames.len() as u64));
    group.bench_function("frames", |bencher| {
        bencher.iter(|| {
            for frame in &frames {
                let _ = black_box(tracker.track(black_box(frame)));
            }
        });
    });
    let (mut p, mut v) = ([256.0; 2], [0.0; 2]);
    let mut track = vec![p];
    for t in 0..299 {
        let angle = 0.05 * f64::from(t);
        (p, v) = agent_step(p, v, [256.0 + 150.0 * angle.cos(), 256.0 + 150.0 * angle.sin()]);
        track.push(p);
    }
    let seen: Vec<_> = track.iter().copied().map(Some).collect();
    group.throughput(Throughput::Elements(299));
    group.bench_function("closed-form actions", |bencher| {
        bencher.iter(|| black_box(actions_from_track(black_box(&track), InitialMotion::Rest)));
    });
    group.bench_function("smoothed actions", |bencher| {
        let smoother = ActionSmoother::default();
        bencher.iter_batched(
            || seen.clone(),
            |seen| black_box(smoother.smooth(&seen, InitialMotion::Rest)),
            BatchSize::SmallInput,
        );
    });
    group.finish();
}

criterion_group!(benches, rendering, tracking);
criterion_main!(benches);
