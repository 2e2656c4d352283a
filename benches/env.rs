//! Speed of the environment: state steps, coverage, 96 × 96 observations, 256 environments on one and two threads.
//!
//! `compare_gym_pusht.py` beside this file measures the same against the Python package.

use criterion::{BenchmarkGroup, Criterion, Throughput, criterion_group, criterion_main, measurement::WallTime};
use pusht_env::{Action, Autoreset, EnvConfig, GOAL, Modality, ObsSpec, Observer, Pose, PushT, VecEnv, coverage};
use rand::{RngExt, SeedableRng};
use rand_pcg::Pcg64;

const EPISODES: u64 = 10;
const STEPS: usize = 100;
const ENVS: usize = 256;

/// Episodes that push the T most of the time: the agent moves toward a point near the T, with a new point every tenth
/// step.
fn pushes() -> Vec<Vec<Action>> {
    let mut rng = Pcg64::seed_from_u64(1);
    let mut env = PushT::new(EnvConfig::gym_pusht()).expect("the goal is finite");
    (0..EPISODES)
        .map(|seed| {
            env.reset(seed).expect("any seed fits");
            let mut target = [0.0; 2];
            (0..STEPS)
                .map(|t| {
                    let state = env.state();
                    if t % 10 == 0 {
                        target = [state.block.x, state.block.y].map(|c| c + rng.random_range(-60.0..60.0));
                    }
                    let [dx, dy] = [0, 1].map(|i| target[i] - state.agent[i]);
                    let reach = (25.0 / (dx.hypot(dy) + 1e-9)).min(1.0);
                    let action = [state.agent[0] + reach * dx, state.agent[1] + reach * dy].map(|c| c as f32);
                    env.step(action).expect("the action is finite");
                    action
                })
                .collect()
        })
        .collect()
}

fn single(c: &mut Criterion) {
    let episodes = pushes();
    let run = |group: &mut BenchmarkGroup<'_, WallTime>, name: &str, modality: Modality| {
        let config = EnvConfig::gym_pusht();
        let mut env = PushT::new(config).expect("the goal is finite");
        let mut observer = Observer::new(modality, &config);
        let mut observation = observer.observe(&env);
        group.throughput(Throughput::Elements(EPISODES * STEPS as u64));
        group.bench_function(name, |b| {
            b.iter(|| {
                let mut total = 0.0;
                for (seed, actions) in episodes.iter().enumerate() {
                    env.reset(seed as u64).expect("any seed fits");
                    for &action in actions {
                        total += env.step(action).expect("the action is finite").reward;
                        observer.observe_into(&env, &mut observation);
                    }
                }
                total
            });
        });
    };
    let mut group = c.benchmark_group("env");
    run(&mut group, "state steps", Modality::State);
    run(&mut group, "96x96 observations", Modality::Pixels);

    let mut rng = Pcg64::seed_from_u64(2);
    let poses: Vec<Pose> = (0..1000)
        .map(|_| {
            let mut near = |spread: f64| rng.random_range(-spread..spread);
            Pose::new(GOAL.x + near(60.0), GOAL.y + near(60.0), GOAL.angle + near(1.0))
        })
        .collect();
    group.throughput(Throughput::Elements(poses.len() as u64));
    group.bench_function("coverage", |b| {
        b.iter(|| poses.iter().map(|&pose| coverage(pose, GOAL)).sum::<f64>());
    });
    let env = PushT::new(EnvConfig::gym_pusht()).expect("the goal is finite");
    group.throughput(Throughput::Elements(1));
    group.bench_function("snapshot and restore", |b| {
        let mut other = env;
        b.iter(|| other.restore(&env.snapshot()));
    });
    group.finish();
}

fn vectorized(c: &mut Criterion) {
    let episodes = pushes();
    let mut group = c.benchmark_group("256 environments");
    group.throughput(Throughput::Elements((ENVS * STEPS) as u64));
    for threads in [1, 2] {
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .build()
            .expect("threads can be started");
        let spec = ObsSpec {
            modality: Modality::State,
            history: 1,
        };
        let mut envs =
            VecEnv::new(ENVS, EnvConfig::gym_pusht(), spec, Autoreset::SameStep).expect("256 environments of one goal");
        let seeds: Vec<u64> = (0..ENVS as u64).map(|i| i % EPISODES).collect();
        let mut actions = vec![[0.0; 2]; ENVS];
        group.bench_function(format!("state steps, {threads} threads"), |b| {
            b.iter(|| {
                pool.install(|| {
                    envs.reset_each(&seeds).expect("any seed fits");
                    for t in 0..STEPS {
                        for (i, action) in actions.iter_mut().enumerate() {
                            *action = episodes[i % EPISODES as usize][t];
                        }
                        envs.step(&actions).expect("the actions are finite");
                    }
                });
            });
        });
    }
    group.finish();
}

criterion_group!(benches, single, vectorized);
criterion_main!(benches);
