//! Speed of inverse dynamics: labeling a video, in frames per second.

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use idm::{ClosedForm, LearnedConfig};
use pusht_data::{Episode, InverseDynamics, Provenance, Split, SplitProtocol};
use pusht_env::{EnvConfig, FillRule, GOAL, PushT, Renderer};
use pusht_jobs::JobContext;
use pusht_training::TrainSpec;
use pusht_vision::InitialMotion;
use training::TrainConfig;

const FRAMES: usize = 100;

/// The agent circles around the middle of the board and pushes the T when it is in the way.
fn episode(index: usize) -> Episode {
    let mut env = PushT::new(EnvConfig::gym_pusht()).expect("the reference goal is finite");
    env.reset(index as u64).expect("every u64 is a seed");
    let mut renderer = Renderer::new(96, FillRule::default()).expect("96 is a size it draws");
    let (mut frames, mut actions) = (Vec::new(), Vec::new());
    for t in 0..FRAMES {
        let phase = 0.08 * t as f32 + index as f32;
        actions.push([256.0 + 120.0 * phase.cos(), 256.0 + 120.0 * phase.sin()]);
        frames.push(renderer.render(&env.scene()));
        env.step(actions[t]).expect("the action is finite");
    }
    Episode {
        frames,
        actions,
        states: None,
        goal: GOAL,
        provenance: Provenance {
            source: "bench".to_owned(),
            index,
            seed: Some(index as u64),
            actions: "recorded".to_owned(),
        },
    }
}

fn label(c: &mut Criterion) {
    let episodes: Vec<Episode> = (0..3).map(episode).collect();
    let split = Split::new(&[FRAMES; 3], SplitProtocol::ByEpisode, 1, 0).expect("three episodes make three parts");
    let train = TrainConfig {
        epochs: 1,
        steps_per_epoch: Some(1),
        ..LearnedConfig::default().train
    };
    let config = LearnedConfig {
        train,
        ..LearnedConfig::default()
    };
    let learned = TrainSpec::new(config)
        .with_split(&episodes, &split)
        .run(&mut JobContext::silent())
        .expect("one update on three episodes")
        .model;
    let kinds: [(&str, Box<dyn InverseDynamics>); 2] = [
        ("closed form", Box::new(ClosedForm::new(InitialMotion::Rest))),
        ("learned", Box::new(learned)),
    ];
    let mut group = c.benchmark_group("label");
    group.throughput(Throughput::Elements(FRAMES as u64)).sample_size(10);
    for (name, kind) in kinds {
        group.bench_function(name, |b| {
            b.iter(|| kind.label(&episodes[0].frames).expect("a video with an agent"));
        });
    }
    group.finish();
}

criterion_group!(benches, label);
criterion_main!(benches);
