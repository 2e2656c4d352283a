//! Behavior recorded from gym-pusht (`fixtures/make_fixtures.py`), reproduced bit for bit.
#![allow(clippy::unwrap_used)]

mod npz;

use npz::Npz;
use pusht_env::{
    Autoreset, EnvConfig, EnvError, Modality, ObsSpec, Pose, PushT, Seeding, State, VecEnv, coverage, reward,
};

/// Coverage is computed by another library.
const COVERAGE_LIMIT: f64 = 1e-12;

fn fixtures() -> Npz {
    Npz::open(
        concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures").as_ref(),
        "environment.npz",
    )
}

fn state_row(env: &PushT) -> [f64; 10] {
    let [ax, ay, x, y, angle] = env.state().to_row();
    let ([avx, avy], velocity) = (env.agent_velocity(), env.block_velocity());
    let [vx, vy] = velocity.linear;
    [ax, ay, avx, avy, x, y, angle, vx, vy, velocity.angular]
}

fn state(row: &[f64]) -> State {
    State::from_row(row.try_into().unwrap())
}

#[test]
fn seeds_of_gym_pusht() {
    let mut npz = fixtures();
    let (halves, draws, resets) = (
        npz.numbers("gym_seed_halves"),
        npz.numbers("gym_draw"),
        npz.numbers("gym_reset"),
    );
    let seeds: Vec<u64> = halves.chunks(2).map(|h| (h[0] as u64) << 32 | h[1] as u64).collect();
    let config = EnvConfig::gym_pusht().with_max_steps(Some(1));
    let spec = ObsSpec {
        modality: Modality::State,
        history: 1,
    };
    let mut all = VecEnv::new(seeds.len(), config, spec, Autoreset::SameStep).unwrap();
    all.reset_each(&seeds).unwrap();
    let starts = |env: &VecEnv| env.envs().map(state_row).collect::<Vec<_>>();
    let first = starts(&all);
    // Every step ends an episode; the starts continue with the same generator.
    for _ in 0..2 {
        all.step(&vec![[256.0; 2]; seeds.len()]).unwrap();
    }
    let third = starts(&all);
    for (i, &seed) in seeds.iter().enumerate() {
        assert_eq!(
            Seeding::GymPusht.draw(seed).unwrap(),
            state(&draws[15 * i..15 * i + 5]),
            "seed {seed}"
        );
        assert_eq!(first[i], resets[20 * i..20 * i + 10], "seed {seed}");
        assert_eq!(third[i], resets[20 * i + 10..20 * i + 20], "seed {seed}");
    }
}

#[test]
fn seeds_and_resets_of_diffusion_policy() {
    let mut npz = fixtures();
    let (seeds, draws, resets) = (
        npz.numbers("legacy_seed"),
        npz.numbers("legacy_draw"),
        npz.numbers("legacy_reset"),
    );
    for (&seed, draw) in seeds.iter().zip(draws.chunks(5)) {
        assert_eq!(
            Seeding::DiffusionPolicy.draw(seed as u64).unwrap(),
            state(draw),
            "seed {seed}"
        );
    }
    for (&seed, rows) in seeds.iter().step_by(6).zip(resets.chunks(20)) {
        let (legacy, non_legacy) = (EnvConfig::diffusion_policy(), EnvConfig::diffusion_policy_non_legacy());
        for (config, row) in [(legacy, &rows[..10]), (non_legacy, &rows[10..])] {
            let mut env = PushT::new(config).unwrap();
            env.reset(seed as u64).unwrap();
            assert_eq!(state_row(&env), row, "seed {seed}, {:?}", config.reset_order);
        }
    }
    let refused = Seeding::DiffusionPolicy.draw(1 << 32);
    assert_eq!(refused, Err(EnvError::Seed { seed: 1 << 32 }));
}

#[test]
fn rollouts() {
    let mut npz = fixtures();
    let mut get = |name: &str| npz.numbers(&format!("rollout_{name}"));
    let (starts, actions, states) = (get("start"), get("action"), get("state"));
    let (covered, points) = (get("coverage"), get("points"));
    let (obs, keypoints) = (get("obs"), get("keypoints"));
    let n = starts.len() / 5;
    let steps = actions.len() / n / 2;
    let kept = states.len() / n / 10;
    let every = steps / (kept - 1);
    let mut worst: f64 = 0.0;
    for i in 0..n {
        let mut env = PushT::new(EnvConfig::gym_pusht()).unwrap();
        env.reset_to(state(&starts[5 * i..5 * i + 5])).unwrap();
        for t in 0..=steps {
            if t > 0 {
                let at = 2 * (i * steps + t - 1);
                let result = env.step([actions[at] as f32, actions[at + 1] as f32]).unwrap();
                assert_eq!(result.reward, reward(result.coverage));
                assert_eq!(result.terminated, result.coverage > 0.95);
            }
            assert_eq!(
                f64::from(env.contact_points()),
                points[i * (steps + 1) + t],
                "rollout {i}, step {t}"
            );
            if t % every == 0 {
                let at = i * kept + t / every;
                assert_eq!(state_row(&env), states[10 * at..10 * at + 10], "rollout {i}, step {t}");
                worst = worst.max((env.coverage() - covered[at]).abs());
            }
        }
        assert_eq!(env.state_observation(), obs[5 * i..5 * i + 5]);
        assert_eq!(env.keypoints(), keypoints[16 * i..16 * i + 16]);
    }
    assert!(worst < COVERAGE_LIMIT, "{worst}");
}

#[test]
fn coverage_of_single_poses() {
    let mut npz = fixtures();
    let (poses, goals) = (npz.numbers("coverage_pose"), npz.numbers("coverage_goal"));
    let pose = |v: &[f64]| Pose::new(v[0], v[1], v[2]);
    for ((p, g), recorded) in poses.chunks(3).zip(goals.chunks(3)).zip(npz.numbers("coverage")) {
        let found = coverage(pose(p), pose(g));
        assert!(
            (found - recorded).abs() < COVERAGE_LIMIT,
            "{p:?} {g:?}: {found} {recorded}"
        );
    }
}

#[test]
fn differences_of_the_references_can_be_switched() {
    let start = State {
        agent: [256.0, 200.0],
        block: Pose::new(256.0, 230.0, 0.0),
    };
    let mut counts = Vec::new();
    for config in [EnvConfig::gym_pusht(), EnvConfig::diffusion_policy()] {
        let mut env = PushT::new(config).unwrap();
        env.reset_to(start).unwrap();
        env.step([256.0, 300.0]).unwrap();
        assert!(env.contact_points() > 0);
        counts.push((env.contact_points(), env.info().n_contacts));
    }
    assert_eq!(counts, [(counts[0].0, 1), (counts[0].0, counts[0].0.div_ceil(10))]);
}
