//! Behavior recorded from stable-worldmodel 0.1.1 (`fixtures/make_swm_fixtures.py`), reproduced bit for bit, and what the
//! package has no recordings of: its faults switched off, and input that is refused.
#![allow(clippy::unwrap_used)]

mod npz;

use npz::{Npz, differing};
use pusht_env::stable_worldmodel::{
    ActionMode, FactorName, FactorSet, FactorValue, Factors, ResetOptions, Scale, ShapeKind, SwmConfig, SwmError,
    SwmFaults, SwmPushT, SwmRenderer, SwmState, polar_action,
};
use pusht_env::{EnvConfig, Pose};

const NO_FACTOR: [&str; 0] = [];

fn rows(env: &SwmPushT) -> Vec<f64> {
    [env.agent(), env.block()]
        .iter()
        .flat_map(|b| {
            let ([x, y], [vx, vy]) = (b.position, b.velocity);
            [x, y, b.angle, vx, vy, b.angular_velocity]
        })
        .collect()
}

fn fixtures() -> Npz {
    Npz::open(
        concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures").as_ref(),
        "stable_worldmodel.npz",
    )
}

#[test]
fn recorded_rollouts() {
    let mut npz = fixtures();
    let mut get = |name: &str| npz.numbers(name);
    let (seeds, variation, values) = (get("seed"), get("variation"), get("values"));
    let (damping, cog, relative, wide) = (get("damping"), get("cog"), get("relative"), get("wide"));
    let (starts, goals, at_reset) = (get("start"), get("goal"), get("points_at_reset"));
    let (recorded, actions, rewards) = (get("rows"), get("actions"), get("rewards"));
    let (terminated, points) = (get("terminated"), get("points"));
    let images = npz.bytes("images");
    let mut images = images.chunks(64 * 64 * 3);
    let n = seeds.len();
    let steps = rewards.len() / n;
    let mut leftovers = 0;
    for i in 0..n {
        let config = SwmConfig {
            damping: damping[i],
            block_cog: (!cog[2 * i].is_nan()).then(|| [cog[2 * i], cog[2 * i + 1]]),
            ..EnvConfig::stable_worldmodel().with_actions(if relative[i] == 1.0 {
                ActionMode::Relative
            } else {
                ActionMode::Absolute
            })
        };
        let given = |k: usize| Some(values[4 * i + k]).filter(|v| !v.is_nan());
        let shape = |k| given(k).map(|v| ShapeKind::from_index(v as i64).unwrap());
        let scale = |k| given(k).map(Scale::Double);
        let start: [f64; 7] = starts[7 * i..7 * i + 7].try_into().unwrap();
        let options = ResetOptions {
            variation: match variation[i] as u8 {
                0 => FactorSet::default(),
                1 => FactorSet::from_names(&["all"]).unwrap(),
                2 => FactorSet::from_names(&["block"]).unwrap(),
                _ => {
                    FactorSet::from_names(&["agent.start_position", "block", "block.angle", "agent.velocity"]).unwrap()
                }
            },
            values: [
                shape(0).map(FactorValue::AgentShape),
                scale(1).map(FactorValue::AgentScale),
                shape(2).map(FactorValue::BlockShape),
                scale(3).map(FactorValue::BlockScale),
            ]
            .into_iter()
            .flatten()
            .collect(),
            state: (!start[0].is_nan()).then(|| SwmState::from_row(start)),
            goal_state: None,
        };
        let mut env = SwmPushT::new(config).unwrap();
        env.reset(seeds[i] as u64, &options).unwrap();
        assert_eq!(env.goal_state().to_row(), goals[7 * i..7 * i + 7], "case {i}");
        assert_eq!(f64::from(env.contact_points()), at_reset[i], "case {i}");
        if options.state.is_none() {
            let asked = env.factors().block.start_position;
            leftovers += usize::from(env.block().position != asked);
        }
        let per_case = recorded.len() / n;
        let mut expected = recorded[i * per_case..(i + 1) * per_case].chunks(12);
        assert_eq!(rows(&env), expected.next().unwrap(), "case {i}, start");
        for t in 0..steps {
            let at = i * steps + t;
            let action = [actions[2 * at], actions[2 * at + 1]];
            let step = if wide[i] == 1.0 {
                env.step_f64(action).unwrap()
            } else {
                env.step(action.map(|a| a as f32)).unwrap()
            };
            assert!((step.reward - rewards[at]).abs() < 1e-12, "case {i}, step {t}");
            assert_eq!(step.terminated, terminated[at] == 1.0, "case {i}, step {t}");
            assert_eq!(f64::from(env.contact_points()), points[at], "case {i}, step {t}");
            if (t + 1) % 4 == 0 {
                assert_eq!(rows(&env), expected.next().unwrap(), "case {i}, step {t}");
            }
        }
        if i == 1 || i == 4 {
            let picture = SwmRenderer::new(64).unwrap().render(&env.scene());
            assert_eq!(differing(&picture, images.next().unwrap()), 0, "case {i}");
        }
    }
    assert!(images.next().is_none());
    assert!(leftovers > 0, "no goal left anything behind");
}

/// A goal that overlaps the agent, then the start of the factors.
fn overlapping() -> ResetOptions {
    ResetOptions {
        variation: FactorSet::none(),
        goal_state: Some(SwmState {
            agent: [250.0, 260.0],
            block: Pose::new(250.0, 250.0, 0.4),
            agent_velocity: [0.0; 2],
        }),
        ..ResetOptions::default()
    }
}

#[test]
fn faults_are_kept_by_default_and_can_be_switched_off() {
    let mut faithful = SwmPushT::new(EnvConfig::stable_worldmodel()).unwrap();
    let mut sound = SwmPushT::new(EnvConfig::stable_worldmodel().with_faults(SwmFaults::none())).unwrap();
    // Leftovers of the goal.
    faithful.reset(0, &overlapping()).unwrap();
    sound.reset(0, &overlapping()).unwrap();
    assert_ne!(faithful.block().position, [400.0, 100.0]);
    assert_eq!(sound.block().position, [400.0, 100.0]);
    assert_eq!(sound.contact_points(), 0);
    // The size of the T, whose goal is 1.5 times as wide.
    let width = |env: &SwmPushT| {
        env.scene().goal.unwrap().1[0]
            .iter()
            .map(|[x, _]| *x)
            .fold(f64::MIN, f64::max)
    };
    let big = ResetOptions {
        values: vec![
            FactorValue::BlockScale(Scale::Double(45.0)),
            FactorValue::GoalAngle(0.0),
        ],
        ..ResetOptions::default()
    };
    faithful.reset(1, &big).unwrap();
    sound.reset(1, &big).unwrap();
    assert_eq!([width(&faithful), width(&sound)], [256.0 + 60.0, 256.0 + 90.0]);
    // Angles more than a turn apart.
    let state = SwmState::from_row([100.0, 100.0, 300.0, 300.0, 6.0, 0.0, 0.0]);
    let goal = |angle: f64| SwmState {
        block: Pose::new(300.0, 300.0, angle),
        ..state
    };
    assert!(state.reaches(goal(-3.0), true) && !state.reaches(goal(-3.0), false));
    for equal in [6.2, 6.0 - 2.0 * std::f64::consts::PI] {
        assert!(
            state.reaches(goal(equal), true) && state.reaches(goal(equal), false),
            "{equal}"
        );
    }
    // The agent counts, too.
    assert!(
        !SwmState {
            agent: [120.1, 100.0],
            ..state
        }
        .reaches(state, true)
    );
    assert!(
        SwmState {
            agent: [119.9, 100.0],
            ..state
        }
        .reaches(state, true)
    );
}

#[test]
fn the_last_action_is_drawn_where_the_package_draws_it_or_at_the_target() {
    let reds = |faults: SwmFaults, resets: usize| {
        let mut env = SwmPushT::new(SwmConfig {
            render_action: true,
            faults,
            ..SwmConfig::default()
        })
        .unwrap();
        env.step([-0.5, 0.25]).unwrap();
        for _ in 0..resets {
            env.reset(0, &ResetOptions::default()).unwrap();
        }
        let picture = SwmRenderer::new(512).unwrap().render(&env.scene());
        let red = |(x, y, pixel): (u32, u32, &image::Rgb<u8>)| (pixel.0 == [255, 0, 0]).then_some([x, y]);
        picture.enumerate_pixels().filter_map(red).collect::<Vec<_>>()
    };
    let corner = reds(SwmFaults::default(), 0);
    assert!(corner.contains(&[0, 0]) && corner.iter().all(|[x, y]| x.max(y) < &30));
    assert_eq!(reds(SwmFaults::default(), 1), corner);
    let target = reds(SwmFaults::none(), 0);
    assert!(target.contains(&[206, 425]), "{target:?}");
    assert_eq!(reds(SwmFaults::none(), 1), Vec::<[u32; 2]>::new());
}

#[test]
fn a_draw_does_not_depend_on_the_others() {
    let mut env = SwmPushT::new(SwmConfig::default()).unwrap();
    let mut draw = |set: FactorSet| {
        env.reset(
            5,
            &ResetOptions {
                variation: set,
                ..ResetOptions::default()
            },
        )
        .unwrap();
        env.factors().clone()
    };
    let all = draw(FactorSet::all());
    for factor in FactorName::ALL {
        let alone = draw(FactorSet::none().with(factor));
        assert_eq!(factor.value(&alone), factor.value(&all));
        let others = FactorName::ALL.into_iter().filter(|other| *other != factor);
        for other in others {
            assert_eq!(
                other.value(&alone),
                other.value(&Factors::default()),
                "{factor}: {other}"
            );
        }
    }
    assert_eq!(draw(FactorSet::from_names(&NO_FACTOR).unwrap()), Factors::default());
    let twice = draw(FactorSet::from_names(&["goal", "goal.angle"]).unwrap());
    assert_eq!(twice.goal.position, all.goal.position);
    assert_ne!(twice.goal.angle, all.goal.angle);
}

#[test]
fn discrete_actions() {
    let recorded = fixtures().numbers("polar");
    for (i, recorded) in recorded.chunks(2).enumerate() {
        let bins = [i / 16, i % 16].map(|bin| bin as u8);
        assert_eq!(polar_action(bins).unwrap().map(f64::from), recorded, "{bins:?}");
    }
    assert_eq!(recorded.len(), 512);
    assert_eq!(polar_action([16, 0]), Err(SwmError::Bins { bins: [16, 0] }));
    assert_eq!(polar_action([0, 255]), Err(SwmError::Bins { bins: [0, 255] }));
}

#[test]
fn input_that_cannot_be_is_refused_and_changes_nothing() {
    let mut env = SwmPushT::new(SwmConfig::default()).unwrap();
    env.reset(3, &ResetOptions::default()).unwrap();
    let before = env.clone();
    for action in [[f32::NAN, 0.0], [0.0, f32::INFINITY], [1e30, 0.0], [f32::MAX, f32::MAX]] {
        assert!(matches!(env.step(action), Err(SwmError::Action { .. })), "{action:?}");
    }
    assert!(env.step_f64([0.0, f64::NAN]).is_err());
    let nan = SwmState::from_row([f64::NAN; 7]);
    assert!(env.set_state(nan).is_err() && env.set_goal_state(nan).is_err());
    let mut refusal = |value: FactorValue| {
        let options = ResetOptions {
            values: vec![value],
            ..ResetOptions::default()
        };
        env.reset(3, &options).unwrap_err().to_string()
    };
    for (value, words) in [
        (
            FactorValue::AgentScale(Scale::Double(61.0)),
            "agent.scale cannot be [61.0]; expected 20 to 60",
        ),
        (FactorValue::BlockScale(Scale::Single(f32::NAN)), "block.scale"),
        (FactorValue::BlockShape(ShapeKind::Disc), "block.shape cannot be o"),
        (FactorValue::AgentStartPosition([49.0, 100.0]), "agent.start_position"),
        (FactorValue::GoalAngle(7.0), "goal.angle"),
        (FactorValue::AgentVelocity([0.0, -1.0]), "agent.velocity"),
    ] {
        let text = refusal(value);
        assert!(text.contains(words), "{text}");
    }
    assert_eq!(env, before);
    let far = SwmConfig {
        damping: f64::NAN,
        ..SwmConfig::default()
    };
    assert!(SwmPushT::new(far).unwrap_err().to_string().contains("damping"));
    for name in ["agent.size", "all.of", "", "agent."] {
        let refused = FactorSet::from_names(&[name]).unwrap_err();
        assert_eq!(refused, SwmError::UnknownFactor { name: name.to_owned() });
        assert!(name.parse::<FactorName>().is_err());
    }
    assert_eq!(ShapeKind::from_index(8), Err(SwmError::UnknownShape { index: 8 }));
}

#[test]
fn a_clone_is_a_snapshot() {
    let mut env = SwmPushT::new(SwmConfig::default()).unwrap();
    let options = ResetOptions {
        variation: FactorSet::all(),
        values: vec![FactorValue::AgentShape(ShapeKind::Plus)],
        ..ResetOptions::default()
    };
    env.reset(11, &options).unwrap();
    let toward = |env: &SwmPushT| {
        let s = env.state();
        [
            (s.block.x - s.agent[0]) as f32 / 30.0,
            (s.block.y - s.agent[1]) as f32 / 30.0,
        ]
    };
    for _ in 0..10 {
        env.step(toward(&env.clone())).unwrap();
    }
    let mut other = env.clone();
    for _ in 0..10 {
        let action = toward(&env);
        assert_eq!(env.step(action).unwrap(), other.step(action).unwrap());
    }
    assert_eq!(env, other);
    assert_eq!(env.steps(), 20);
}
