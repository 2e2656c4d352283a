//! Speed of the policies: one update of each network, and actions for a hundred environments.

use bc_policy::{BcPolicy, ObsSource, PolicyConfig, PolicyKind};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use pusht_data::{Episode, Provenance, Split, SplitProtocol};
use pusht_env::{FillRule, GOAL, ObsBatch, Observation, Policy, Pose, Renderer, Scene, State};
use pusht_jobs::JobContext;
use pusht_training::TrainSpec;

const ENVS: usize = 100;

fn state(i: usize) -> State {
    let t = i as f64;
    State {
        agent: [256.0 + 150.0 * (0.7 * t).sin(), 256.0 + 150.0 * (1.1 * t).cos()],
        block: Pose::new(256.0 + 90.0 * (0.3 * t).cos(), 256.0 + 90.0 * (0.5 * t).sin(), 0.2 * t),
    }
}

/// Three episodes whose states move over the board.
fn episodes() -> Vec<Episode> {
    let mut renderer = Renderer::new(96, FillRule::default()).expect("96 is a size it draws");
    (0..3)
        .map(|index| {
            let states: Vec<State> = (0..ENVS).map(|row| state(index * ENVS + row)).collect();
            let mut picture = |state: &State| {
                renderer.render(&Scene {
                    agent: state.agent,
                    block: state.block,
                    goal: GOAL,
                    contacts: Vec::new(),
                })
            };
            Episode {
                frames: states.iter().map(&mut picture).collect(),
                actions: states.iter().map(|s| [s.block.x as f32, s.block.y as f32]).collect(),
                states: Some(states),
                goal: GOAL,
                provenance: Provenance {
                    source: "synthetic".into(),
                    index,
                    seed: None,
                    actions: "recorded".into(),
                },
            }
        })
        .collect()
}

fn policies(c: &mut Criterion) {
    let episodes = episodes();
    let split = Split::new(&[ENVS; 3], SplitProtocol::ByEpisode, 1, 0).expect("three episodes are enough");
    let train_steps = |kind, steps| {
        let mut config = PolicyConfig::new(kind, 0);
        (config.train.epochs, config.train.steps_per_epoch) = (1, Some(steps));
        let spec = TrainSpec::new(config).with_split(&episodes, &split);
        let trained = spec.run(&mut JobContext::silent());
        trained.expect("the data is sound").model
    };
    let mut updates = c.benchmark_group("updates");
    updates.sample_size(10);
    for (kind, steps) in [
        (PolicyKind::TRACKED, 100),
        (PolicyKind::CNN, 1),
        (PolicyKind::RESNET18, 1),
    ] {
        updates.throughput(Throughput::Elements(steps as u64));
        updates.bench_function(kind.name(), |b| b.iter(|| train_steps(kind, steps)));
    }
    updates.finish();

    let mut acting = c.benchmark_group("actions for 100 environments");
    acting.sample_size(10).throughput(Throughput::Elements(ENVS as u64));
    let envs: Vec<usize> = (0..ENVS).collect();
    let goals = [GOAL; ENVS];
    let frames: Vec<_> = episodes[0]
        .frames
        .iter()
        .map(|f| vec![Observation::Pixels(f.clone())])
        .collect();
    let states: Vec<_> = (0..ENVS).map(|i| vec![Observation::State(state(i).to_row())]).collect();
    let mut run = |name: &str, mut policy: BcPolicy, observations: &[Vec<Observation>]| {
        let mut out = [[0.0; 2]; ENVS];
        acting.bench_function(name, |b| {
            b.iter(|| {
                policy.reset(&envs);
                let batch = ObsBatch {
                    envs: &envs,
                    observations,
                    goals: &goals,
                };
                policy
                    .act(&batch, &mut out)
                    .expect("the observations are those it needs");
            });
        });
    };
    let tracked = train_steps(PolicyKind::TRACKED, 1);
    run("tracked, from frames", tracked.clone(), &frames);
    run(
        "tracked, from states",
        tracked.with_obs_source(ObsSource::State),
        &states,
    );
    run("cnn", train_steps(PolicyKind::CNN, 1), &frames);
    run("resnet18", train_steps(PolicyKind::RESNET18, 1), &frames);
}

criterion_group!(benches, policies);
criterion_main!(benches);
