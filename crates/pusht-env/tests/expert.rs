//! What the expert promises: demonstrations that succeed, move like a person's and replay exactly; a policy that does
//! the same from observations; every start can be handled.

#![allow(clippy::unwrap_used)]

use pusht_env::{
    Action, EnvConfig, Expert, ExpertConfig, ExpertError, ExpertPolicy, GOAL, ObsBatch, Observation, Policy,
    PolicyError, Pose, PushT, State,
};

const CONFIG: EnvConfig = EnvConfig::diffusion_policy();
const SEEDS: [u64; 6] = [100_000, 100_001, 100_002, 100_003, 0, 5];

fn expert() -> Expert {
    Expert::new(ExpertConfig::default()).unwrap()
}

fn started(seed: u64) -> PushT {
    let mut env = PushT::new(CONFIG).unwrap();
    env.reset(seed).unwrap();
    env
}

#[test]
fn demonstrations_succeed_and_move_like_a_person() {
    let (mut path, mut count) = (0.0, 0);
    for seed in SEEDS {
        let demonstration = expert().demonstrate(CONFIG, seed, 300).unwrap();
        assert!(demonstration.success, "seed {seed}");
        assert_eq!(demonstration.max_reward(), 1.0);
        assert_eq!(demonstration.seed, Some(seed));
        for pair in demonstration.actions.windows(2) {
            path += f64::from(pair[1][0] - pair[0][0]).hypot(f64::from(pair[1][1] - pair[0][1]));
            count += 1;
        }
        let on_board = |a: &Action| a.iter().all(|v| (12.0..=500.0).contains(v));
        assert!(demonstration.actions.iter().all(on_board), "seed {seed}");
    }
    let mean = path / f64::from(count);
    assert!((8.0..=13.0).contains(&mean), "mean action step {mean}");
}

#[test]
fn a_demonstration_replays_bit_for_bit_and_the_t_moves_only_by_contact() {
    for seed in SEEDS {
        let demonstration = expert().demonstrate(CONFIG, seed, 300).unwrap();
        let mut env = started(seed);
        assert_eq!(demonstration.states[0], env.state());
        for (i, &action) in demonstration.actions.iter().enumerate() {
            let before = env.state().block;
            let step = env.step(action).unwrap();
            assert_eq!(env.state(), demonstration.states[i + 1], "seed {seed} step {i}");
            assert_eq!(step.reward, demonstration.rewards[i]);
            // The impulse of the last contact of one step is integrated at the beginning of the next.
            let pushed = env.contact_points() > 0
                || i == 0
                || demonstration.states[i].block != demonstration.states[i - 1].block;
            assert!(env.state().block == before || pushed, "seed {seed} step {i}");
        }
        assert_eq!(demonstration.states.len(), demonstration.actions.len() + 1);
    }
}

#[test]
fn a_demonstration_ends_where_it_is_told_to() {
    let short = expert().demonstrate(CONFIG, 100_000, 7).unwrap();
    assert_eq!((short.actions.len(), short.states.len(), short.success), (7, 8, false));
    assert_eq!(expert().demonstrate(CONFIG, 100_000, 0).unwrap().max_reward(), 0.0);
}

/// Runs the policy in several environments at once; `look` is what it sees of a state.
fn drive(policy: &mut ExpertPolicy, seeds: &[u64], steps: usize, look: fn([f64; 5]) -> [f64; 5]) -> Vec<Vec<Action>> {
    let envs: Vec<usize> = seeds.iter().map(|&s| s as usize).collect();
    let goals = vec![GOAL; seeds.len()];
    let mut worlds: Vec<PushT> = seeds.iter().map(|&s| started(s)).collect();
    let mut actions = vec![Vec::new(); seeds.len()];
    policy.reset(&envs);
    for _ in 0..steps {
        let observations: Vec<_> = worlds
            .iter()
            .map(|w| vec![Observation::State(look(w.state_observation()))])
            .collect();
        let batch = ObsBatch {
            envs: &envs,
            observations: &observations,
            goals: &goals,
        };
        let mut out = vec![[0.0; 2]; seeds.len()];
        policy.act(&batch, &mut out).unwrap();
        for ((world, action), list) in worlds.iter_mut().zip(out).zip(&mut actions) {
            if world.coverage() <= 0.95 {
                world.step(action).unwrap();
                list.push(action);
            }
        }
    }
    for (world, seed) in worlds.iter().zip(seeds) {
        assert!(
            world.coverage() > 0.95 || steps < 100,
            "seed {seed}: coverage {}",
            world.coverage()
        );
    }
    actions
}

#[test]
fn the_policy_succeeds_whatever_else_is_in_the_batch() {
    let seeds = [100_000, 3, 100_002];
    let mut policy = ExpertPolicy::new(ExpertConfig::default()).unwrap();
    let together = drive(&mut policy, &seeds, 200, |row| row);
    let alone = drive(&mut policy, &seeds[1..2], 200, |row| row);
    assert_eq!(together[1], alone[0]);
    let one_thread = rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap();
    let again = one_thread.install(|| drive(&mut policy, &seeds, 200, |row| row));
    assert_eq!(together, again);
}

#[test]
fn the_policy_follows_rounded_observations() {
    let mut policy = ExpertPolicy::new(ExpertConfig::default()).unwrap();
    let _ = drive(&mut policy, &[100_001, 100_004], 200, |row| {
        row.map(|v| f64::from(v as f32))
    });
}

#[test]
fn awkward_starts_are_coped_with() {
    let mut done = 0;
    let starts = [
        // Agent inside the T; T across the walls and in the corners; agent outside the board.
        [250.0, 300.0, 250.0, 280.0, 0.3],
        [256.0, 270.0, 256.0, 256.0, 0.8],
        [400.0, 100.0, 20.0, 20.0, 0.0],
        [100.0, 400.0, 490.0, 30.0, 1.5],
        [30.0, 30.0, 256.0, 440.0, 0.0],
        [256.0, 256.0, 470.0, 470.0, -0.8],
        [-80.0, 700.0, 200.0, 200.0, 9.0],
        [256.0, 400.0, 256.0, 385.0, -3.0],
    ];
    for row in starts {
        let mut env = PushT::new(CONFIG).unwrap();
        env.set_state(State::from_row(row)).unwrap();
        let demonstration = expert().demonstrate_from(env, 300).unwrap();
        done += u32::from(demonstration.success);
    }
    assert!(done >= 6, "{done} of {}", starts.len());
}

#[test]
fn another_goal_is_reached_too() {
    let env = CONFIG.with_goal(Pose::new(180.0, 300.0, -1.0));
    assert!(expert().demonstrate(env, 100_006, 300).unwrap().success);
}

#[test]
fn what_makes_no_sense_is_refused() {
    for walk_speed in [0.0, -3.0, f64::NAN, f64::INFINITY, 1e9] {
        let refused = Expert::new(ExpertConfig {
            walk_speed,
            ..ExpertConfig::default()
        });
        assert!(matches!(
            refused,
            Err(ExpertError::OutOfRange {
                setting: "walk_speed",
                ..
            })
        ));
    }
    let mut policy = ExpertPolicy::new(ExpertConfig::default()).unwrap();
    let mut act = |observation: Observation, goal: Pose| {
        let batch = ObsBatch {
            envs: &[0],
            observations: &[vec![observation]],
            goals: &[goal],
        };
        policy.act(&batch, &mut [[0.0; 2]])
    };
    let keypoints = Observation::Keypoints {
        environment_state: [0.0; 16],
        agent_pos: [0.0; 2],
    };
    assert!(matches!(
        act(keypoints, GOAL),
        Err(PolicyError::WrongObservation { .. })
    ));
    assert!(matches!(
        act(Observation::State([f64::NAN; 5]), GOAL),
        Err(PolicyError::Failed { .. })
    ));
    let far = Pose::new(f64::NAN, 0.0, 0.0);
    assert!(matches!(
        act(Observation::State([100.0; 5]), far),
        Err(PolicyError::Failed { .. })
    ));
    let empty = ObsBatch {
        envs: &[0],
        observations: &[],
        goals: &[GOAL],
    };
    assert!(matches!(
        policy.act(&empty, &mut [[0.0; 2]]),
        Err(PolicyError::Failed { .. })
    ));
}
