//! The vectorized environment compared with single ones.

#![allow(clippy::unwrap_used)]

use pusht_env::{
    Action, Autoreset, EnvConfig, EnvError, GOAL, Modality, ObsSpec, Observation, Observer, Pose, PushT, State, VecEnv,
    VecEnvError,
};

const ENVS: usize = 37;

fn spec(modality: Modality, history: usize) -> ObsSpec {
    ObsSpec { modality, history }
}

fn vec_env(max_steps: u32, history: usize, autoreset: Autoreset) -> VecEnv {
    let config = EnvConfig::gym_pusht().with_max_steps(Some(max_steps));
    VecEnv::new(ENVS, config, spec(Modality::State, history), autoreset).unwrap()
}

/// Some action for an environment at a step, near the board's middle so that pushes happen.
fn action(env: usize, t: usize) -> Action {
    let angle = (env * 7 + t) as f32 * 0.37;
    [256.0 + 150.0 * angle.cos(), 256.0 + 150.0 * (1.3 * angle).sin()]
}

fn actions(t: usize) -> Vec<Action> {
    (0..ENVS).map(|env| action(env, t)).collect()
}

fn newest(env: &PushT) -> Observation {
    Observation::State(env.state_observation())
}

fn in_pool<R: Send>(threads: usize, work: impl FnOnce() -> R + Send) -> R {
    rayon::ThreadPoolBuilder::new()
        .num_threads(threads)
        .build()
        .unwrap()
        .install(work)
}

#[test]
fn equals_single_environments_and_keeps_history() {
    let mut all = vec_env(300, 3, Autoreset::Disabled);
    all.reset(50).unwrap();
    let mut singles: Vec<PushT> = (0..ENVS).map(|_| PushT::new(EnvConfig::gym_pusht()).unwrap()).collect();
    for (i, env) in singles.iter_mut().enumerate() {
        env.reset(50 + i as u64).unwrap();
    }
    let mut history: Vec<Vec<Observation>> = singles.iter().map(|env| vec![newest(env); 3]).collect();
    for t in 0..20 {
        assert_eq!(all.observations().observations, &history[..]);
        all.step(&actions(t)).unwrap();
        for (i, env) in singles.iter_mut().enumerate() {
            let result = env.step(action(i, t)).unwrap();
            assert_eq!(all.last_steps()[i].result, result);
            history[i].remove(0);
            history[i].push(newest(env));
        }
    }
    assert_eq!(all.observations().envs, (0..ENVS).collect::<Vec<_>>());
    assert_eq!(all.observations().goals, [GOAL; ENVS]);
}

#[test]
fn waits_after_the_end() {
    let mut all = vec_env(4, 2, Autoreset::Wait);
    all.reset(9).unwrap();
    for t in 0..4 {
        all.step(&actions(t)).unwrap();
    }
    let (states, seen) = (all.states(), all.observations().observations.to_vec());
    let ends = all.last_steps().to_vec();
    all.reset_env(1, None).unwrap();
    for t in 4..7 {
        all.step(&actions(t)).unwrap();
        for i in (0..ENVS).filter(|&i| i != 1) {
            let (step, end) = (&all.last_steps()[i], &ends[i]);
            assert!(step.result.truncated && !step.is_first && step.last.is_none());
            assert_eq!((step.result.reward, step.result.coverage), (0.0, end.result.coverage));
            assert_eq!(
                (all.states()[i], &all.observations().observations[i]),
                (states[i], &seen[i])
            );
        }
        assert!(!all.last_steps()[1].result.truncated && all.states()[1] != states[1]);
    }
}

#[test]
fn next_step_resets_instead_of_the_following_step() {
    let mut all = vec_env(4, 2, Autoreset::NextStep);
    all.reset(9).unwrap();
    for t in 0..4 {
        all.step(&actions(t)).unwrap();
    }
    assert!(
        all.last_steps()
            .iter()
            .all(|s| s.result.truncated && !s.is_first && s.last.is_none())
    );
    all.step(&actions(4)).unwrap();
    for (step, env) in all.last_steps().iter().zip(all.envs()) {
        assert!(step.is_first && !step.result.truncated && step.result.reward == 0.0);
        assert_eq!(env.steps(), 0);
    }
    let first = all.observations().observations;
    assert!(first.iter().all(|history| history[0] == history[1]));
    // gym-pusht continues with its generator: the second start is not the first.
    let mut again = PushT::new(EnvConfig::gym_pusht()).unwrap();
    again.reset(9).unwrap();
    assert_ne!(first[0][0], newest(&again));
}

#[test]
fn same_step_hands_out_the_last_observation() {
    let mut same = vec_env(4, 2, Autoreset::SameStep);
    let mut next = vec_env(4, 2, Autoreset::NextStep);
    for env in [&mut same, &mut next] {
        env.reset(9).unwrap();
        for t in 0..4 {
            env.step(&actions(t)).unwrap();
        }
    }
    for (i, step) in same.last_steps().iter().enumerate() {
        let last = step.last.as_ref().unwrap();
        assert!(step.is_first && step.result.truncated);
        assert_eq!(last.observations, next.observations().observations[i]);
    }
    next.step(&actions(4)).unwrap();
    assert_eq!(same.observations().observations, next.observations().observations);
}

#[test]
fn results_do_not_depend_on_threads() {
    let run = |threads| {
        in_pool(threads, || {
            let mut all = vec_env(15, 2, Autoreset::SameStep);
            all.reset(0).unwrap();
            let mut steps = Vec::new();
            for t in 0..40 {
                steps.push(all.step(&actions(t)).unwrap().to_vec());
            }
            (steps, all.states())
        })
    };
    let one = run(1);
    assert_eq!(one, run(2));
    assert_eq!(one, run(5));
}

#[test]
fn pictures_equal_those_of_an_observer() {
    for modality in [Modality::Pixels, Modality::PixelsAgentPos, Modality::Keypoints] {
        let config = EnvConfig::diffusion_policy();
        let mut all = VecEnv::new(5, config, spec(modality, 2), Autoreset::NextStep).unwrap();
        all.reset(100_000).unwrap();
        for t in 0..6 {
            all.step(&actions(t)[..5]).unwrap();
        }
        let mut observer = Observer::new(modality, &config);
        for (history, env) in all.observations().observations.iter().zip(all.envs()) {
            assert_eq!(history[1], observer.observe(env));
            assert_ne!(history[0], history[1]);
        }
    }
}

#[test]
fn environments_can_be_dropped_reset_and_changed() {
    let mut all = vec_env(300, 2, Autoreset::Disabled);
    all.reset(0).unwrap();
    all.retain(|id| id % 10 == 3);
    assert_eq!(all.ids(), [3, 13, 23, 33]);
    all.step(&[[200.0, 200.0]; 4]).unwrap();

    all.reset_env(1, Some(70)).unwrap();
    let mut single = PushT::new(EnvConfig::gym_pusht()).unwrap();
    let start = single.reset(70).unwrap();
    assert_eq!(all.states()[1], start);

    let goal = Pose::new(200.0, 300.0, 1.0);
    let state = State {
        agent: [10.0, 20.0],
        block: goal,
    };
    all.change_env(2, |env| env.set_goal(goal).and_then(|()| env.set_state(state)))
        .unwrap();
    assert_eq!(all.states()[2], state);
    assert_eq!(all.observations().goals[2], goal);
    let [a, b] = &all.observations().observations[2][..] else {
        panic!()
    };
    assert_eq!(a, b);

    all.retain(|_| false);
    assert!(all.is_empty() && all.step(&[]).unwrap().is_empty());
}

#[test]
fn bad_input_is_refused_and_changes_nothing() {
    let config = EnvConfig::gym_pusht();
    for (envs, history) in [(0, 1), (1, 0)] {
        let refused = VecEnv::new(envs, config, spec(Modality::State, history), Autoreset::Disabled);
        assert!(matches!(refused, Err(VecEnvError::Empty { .. })));
    }
    let mut all = vec_env(300, 1, Autoreset::Disabled);
    let before = all.states();
    assert!(matches!(
        all.step(&actions(0)[1..]),
        Err(VecEnvError::Length { found: 36, .. })
    ));
    let mut bad = actions(0);
    bad[36][1] = f32::NAN;
    let refused = all.step(&bad);
    assert!(matches!(
        refused,
        Err(VecEnvError::Env {
            env: 36,
            source: EnvError::Action { .. }
        })
    ));
    assert!(matches!(
        all.reset_env(37, None),
        Err(VecEnvError::Index { index: 37, .. })
    ));
    assert_eq!(all.states(), before);

    let spec = spec(Modality::State, 1);
    let mut other = VecEnv::new(2, EnvConfig::diffusion_policy(), spec, Autoreset::Disabled).unwrap();
    assert!(matches!(
        other.reset(u64::from(u32::MAX)),
        Err(VecEnvError::Env { env: 1, .. })
    ));
}
