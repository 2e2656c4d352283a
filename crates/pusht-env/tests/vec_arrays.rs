//! Observations in arrays, compared with those that a vectorized environment keeps.

#![allow(clippy::unwrap_used)]

use pusht_env::{
    Action, Autoreset, EnvConfig, EnvError, Modality, ObsArrays, ObsSpec, Observation, PushT, ResetOrder, State,
    VecEnv, VecEnvError,
};

const ENVS: usize = 37;
const PICTURE: usize = 96 * 96 * 3;

fn actions(t: usize) -> Vec<Action> {
    let angle = |env: usize| (env * 7 + t) as f32 * 0.37;
    (0..ENVS)
        .map(|env| {
            [
                256.0 + 150.0 * angle(env).cos(),
                256.0 + 150.0 * (1.3 * angle(env)).sin(),
            ]
        })
        .collect()
}

/// The arrays of all kinds of observations.
struct Arrays {
    state: Vec<f64>,
    corners: Vec<f64>,
    agents: Vec<f64>,
    pixels: Vec<u8>,
}

impl Arrays {
    fn new() -> Self {
        Self {
            state: vec![f64::NAN; 5 * ENVS],
            corners: vec![f64::NAN; 16 * ENVS],
            agents: vec![f64::NAN; 2 * ENVS],
            pixels: vec![7; PICTURE * ENVS],
        }
    }

    fn of(&mut self, modality: Modality) -> ObsArrays<'_> {
        match modality {
            Modality::State => ObsArrays::State(&mut self.state),
            Modality::Keypoints => ObsArrays::Keypoints {
                environment_state: &mut self.corners,
                agent_pos: &mut self.agents,
            },
            Modality::Pixels => ObsArrays::Pixels(&mut self.pixels),
            Modality::PixelsAgentPos => ObsArrays::PixelsAgentPos {
                pixels: &mut self.pixels,
                agent_pos: &mut self.agents,
            },
        }
    }

    fn check(&self, env: usize, expected: &Observation) {
        let agent = &self.agents[2 * env..][..2];
        let picture = &self.pixels[PICTURE * env..][..PICTURE];
        match expected {
            Observation::State(state) => assert_eq!(&self.state[5 * env..][..5], state),
            Observation::Keypoints {
                environment_state,
                agent_pos,
            } => {
                assert_eq!(&self.corners[16 * env..][..16], environment_state);
                assert_eq!(agent, agent_pos);
            }
            Observation::Pixels(pixels) => assert!(picture == pixels.as_raw().as_slice()),
            Observation::PixelsAgentPos { pixels, agent_pos } => {
                assert!(picture == pixels.as_raw().as_slice());
                assert_eq!(agent, agent_pos);
            }
        }
    }
}

#[test]
fn arrays_hold_what_a_history_would() {
    for modality in [
        Modality::State,
        Modality::Keypoints,
        Modality::Pixels,
        Modality::PixelsAgentPos,
    ] {
        for autoreset in [Autoreset::NextStep, Autoreset::SameStep, Autoreset::Disabled] {
            let config = EnvConfig::gym_pusht().with_max_steps(Some(3));
            let mut kept = VecEnv::new(ENVS, config, ObsSpec { modality, history: 1 }, autoreset).unwrap();
            let mut bare = VecEnv::for_arrays(ENVS, config, modality, [96, 96], autoreset).unwrap();
            let mut arrays = Arrays::new();
            kept.reset(40).unwrap();
            bare.reset(40).unwrap();
            bare.observe_into(arrays.of(modality)).unwrap();
            for t in 0..5 {
                for (env, history) in kept.observations().observations.iter().enumerate() {
                    arrays.check(env, &history[0]);
                }
                kept.step(&actions(t)).unwrap();
                let targets: Vec<[f64; 2]> = actions(t).iter().map(|a| a.map(f64::from)).collect();
                let steps = bare.step_into(&targets, arrays.of(modality)).unwrap();
                assert_eq!(kept.last_steps(), steps);
            }
            assert!(bare.observations().observations.iter().all(Vec::is_empty));
        }
    }
}

#[test]
fn targets_keep_their_double_precision() {
    let config = EnvConfig::gym_pusht();
    let mut single = PushT::new(config).unwrap();
    let mut batch = VecEnv::for_arrays(1, config, Modality::State, [96, 96], Autoreset::Disabled).unwrap();
    single.reset(3).unwrap();
    batch.reset(3).unwrap();
    let target = [200.0 + 1e-9, 100.0 / 3.0];
    let mut rounded = single;
    single.step_toward(target).unwrap();
    rounded.step(target.map(|c| c as f32)).unwrap();
    let mut state = [0.0; 5];
    batch.step_into(&[target], ObsArrays::State(&mut state)).unwrap();
    assert_eq!(state, single.state_observation());
    assert_ne!(state, rounded.state_observation());
    for bad in [f64::NAN, f64::INFINITY, 1e39] {
        assert!(matches!(single.step_toward([0.0, bad]), Err(EnvError::Action { .. })));
    }
}

#[test]
fn a_seed_without_a_reset_counts_from_the_next_reset() {
    let config = EnvConfig::gym_pusht();
    let mut envs = VecEnv::for_arrays(2, config, Modality::State, [96, 96], Autoreset::Disabled).unwrap();
    envs.reset(0).unwrap();
    let placed = State::from_row([50.0, 60.0, 300.0, 310.0, 1.0]);
    envs.seed_env(1, 8).unwrap();
    envs.change_env(1, |env| env.set_state(placed)).unwrap();
    assert_eq!(envs.states()[1], placed);
    envs.reset_env(1, None).unwrap();
    let mut single = PushT::new(config).unwrap();
    assert_eq!(envs.states()[1], single.reset(8).unwrap());
    assert!(matches!(envs.seed_env(2, 8), Err(VecEnvError::Index { .. })));
}

#[test]
fn an_exact_reset_is_exact() {
    let config = EnvConfig {
        reset_order: ResetOrder::Exact,
        ..EnvConfig::gym_pusht()
    };
    let mut env = PushT::new(config).unwrap();
    // The agent is inside the T.
    let state = State::from_row([300.0, 310.0, 300.0, 310.0, 1.0]);
    assert_eq!(env.reset_to(state).unwrap(), state);
    assert_eq!((env.state(), env.contact_points()), (state, 0));
    let drawn = config.seeding.draw(5).unwrap();
    assert_eq!(env.reset(5).unwrap(), drawn);
    assert!(env.reset_to(State::from_row([f64::NAN; 5])).is_err());
    assert_eq!(env.state(), drawn);
}

#[test]
fn arrays_that_do_not_fit_are_refused_and_nothing_is_stepped() {
    let config = EnvConfig::gym_pusht();
    let mut envs = VecEnv::for_arrays(2, config, Modality::State, [96, 96], Autoreset::Disabled).unwrap();
    let before = envs.states();
    let targets = [[1.0; 2]; 2];
    let short = envs.step_into(&targets, ObsArrays::State(&mut [0.0; 9])).unwrap_err();
    assert!(short.to_string().contains("state needs 10 numbers, got 9"), "{short}");
    let other = envs.step_into(&targets, ObsArrays::Pixels(&mut [0; 10])).unwrap_err();
    assert!(matches!(other, VecEnvError::Arrays { what: "pixels", .. }));
    let nan = [[1.0; 2], [f64::NAN; 2]];
    let refused = envs.step_into(&nan, ObsArrays::State(&mut [0.0; 10]));
    assert!(matches!(refused, Err(VecEnvError::Env { env: 1, .. })));
    assert_eq!(envs.states(), before);
    let none = VecEnv::for_arrays(0, config, Modality::State, [96, 96], Autoreset::Disabled);
    assert!(matches!(none, Err(VecEnvError::Empty { .. })));
    let huge = VecEnv::for_arrays(1, config, Modality::Pixels, [96, 0], Autoreset::Disabled);
    assert!(matches!(huge, Err(VecEnvError::Render(_))));
}
