//! Speed of the pixel world: an update with its own rollouts, and steps of the world.

use burn::tensor::Device;
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use pixel_world::{OwnRollouts, PixelWorld, PixelWorldSettings};
use pusht_data::{History, WorldModel};
use pusht_env::{FillRule, GOAL, Pose, Renderer, Scene};
use pusht_jobs::JobContext;
use training::FitOptions;

/// Trains on random play; the palette of the first call is made in it as well.
fn trained(steps: usize, own: OwnRollouts) -> PixelWorld {
    let mut settings = PixelWorldSettings::base();
    (settings.fit.epochs, settings.fit.steps_per_epoch) = (1, Some(steps));
    settings.own = own;
    let mut ctx = JobContext::silent();
    let trained = settings.train_on_play(None, &Device::flex(), FitOptions::in_memory(&mut ctx));
    trained.expect("random play needs no data").model
}

fn history() -> History {
    let mut renderer = Renderer::new(96, FillRule::default()).expect("96 is a size it draws");
    let scene = Scene {
        agent: [256.0, 400.0],
        block: Pose::new(256.0, 256.0, 0.5),
        goal: GOAL,
        contacts: Vec::new(),
    };
    History::start(renderer.render(&scene), scene.agent)
}

fn pixel_world(c: &mut Criterion) {
    let mut updates = c.benchmark_group("updates, palette included");
    updates.sample_size(10);
    let mixed = OwnRollouts {
        from: 0.0,
        ..OwnRollouts::default()
    };
    let single = OwnRollouts {
        from: 1.0,
        ..OwnRollouts::default()
    };
    for (name, own) in [("single steps", single), ("own rollouts", mixed)] {
        let steps = 20;
        updates.throughput(Throughput::Elements(steps as u64));
        updates.bench_function(name, |b| b.iter(|| trained(steps, own.clone())));
    }
    updates.finish();

    let world = trained(1, OwnRollouts::default());
    let mut stepping = c.benchmark_group("steps of the world");
    for count in [1, 16] {
        let (histories, actions) = (vec![history(); count], vec![[250.0, 380.0]; count]);
        stepping.throughput(Throughput::Elements(count as u64));
        stepping.bench_function(format!("{count} rollouts"), |b| {
            b.iter(|| world.step(&histories, &actions).expect("the action is on the board"));
        });
    }
    stepping.finish();
}

criterion_group!(benches, pixel_world);
criterion_main!(benches);
