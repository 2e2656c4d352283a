//! Properties that hold for all states and actions.
#![allow(clippy::unwrap_used)]

use proptest::prelude::*;
use pusht_env::{Action, BlockVelocity, CONTACT_PAIRS, EnvConfig, EnvError, GOAL, Pose, PushT, Scene, State, coverage};

fn pose() -> impl Strategy<Value = Pose> {
    (0.0..512.0, 0.0..512.0, -10.0..10.0).prop_map(|(x, y, angle)| Pose::new(x, y, angle))
}

fn state() -> impl Strategy<Value = State> {
    ([0.0..512.0, 0.0..512.0], pose()).prop_map(|(agent, block)| State { agent, block })
}

fn actions(n: usize) -> impl Strategy<Value = Vec<Action>> {
    prop::collection::vec([-50.0f32..560.0, -50.0f32..560.0], n)
}

fn env() -> PushT {
    PushT::new(EnvConfig::gym_pusht()).unwrap()
}

/// State after each step, with all that an image shows.
fn run(env: &mut PushT, actions: &[Action]) -> Vec<(PushT, Scene)> {
    actions
        .iter()
        .map(|&action| {
            env.step(action).unwrap();
            (*env, env.scene())
        })
        .collect()
}

/// `pose` after the board is turned by `angle` about its origin and moved.
fn moved(pose: Pose, angle: f64, by: [f64; 2]) -> Pose {
    let (s, c) = angle.sin_cos();
    Pose::new(
        c * pose.x - s * pose.y + by[0],
        s * pose.x + c * pose.y + by[1],
        pose.angle + angle,
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn a_restored_snapshot_repeats_the_future(start in state(), before in actions(12), after in actions(12)) {
        let mut first = env();
        first.reset_to(start).unwrap();
        run(&mut first, &before);
        let snapshot = first.snapshot();
        let future = run(&mut first, &after);
        // Restored into an environment with another past, goal and configuration.
        let mut second = PushT::new(EnvConfig::diffusion_policy_non_legacy().with_goal(Pose::new(9.0, 9.0, 1.0))).unwrap();
        second.reset(3).unwrap();
        run(&mut second, &before);
        second.restore(&snapshot);
        prop_assert_eq!(&run(&mut second, &after), &future);
        second.restore(&snapshot);
        prop_assert_eq!(&second.snapshot(), &snapshot);
        prop_assert_eq!(&run(&mut second, &after), &future);
    }

    #[test]
    fn set_state_sets_the_state(start in state(), past in actions(4), next in actions(2)) {
        let mut used = env();
        used.reset(1).unwrap();
        run(&mut used, &past);
        used.set_state(start).unwrap();
        prop_assert_eq!(used.state(), start);
        prop_assert_eq!(used.agent_velocity(), [0.0; 2]);
        prop_assert_eq!(used.block_velocity(), BlockVelocity::default());
        prop_assert_eq!(used.coverage(), coverage(start.block, GOAL));
        prop_assert_eq!((used.steps(), used.contact_points()), (0, 0));
        // Nothing of the past is left.
        let mut new = env();
        new.set_state(start).unwrap();
        prop_assert_eq!(run(&mut used, &next), run(&mut new, &next));
    }

    #[test]
    fn the_t_stays_without_contact(start in state(), moves in actions(20)) {
        let mut env = env();
        env.set_state(start).unwrap();
        for action in moves {
            // A contact of the last substep moves the T in the next one.
            let free = env.scene().contacts.is_empty();
            let before = env.state().block;
            env.step(action).unwrap();
            if free && env.contact_points() == 0 {
                prop_assert_eq!(env.state().block, before);
            }
        }
    }

    #[test]
    fn coverage_is_a_share(block in pose(), goal in pose()) {
        let share = coverage(block, goal);
        prop_assert!((0.0..=1.0).contains(&share));
        // Both Ts have the same area, so each covers the same share of the other.
        prop_assert!((share - coverage(goal, block)).abs() < 1e-12);
    }

    #[test]
    fn coverage_does_not_depend_on_the_board(
        goal in pose(), offset in pose(), turn in -7.0..7.0, x in -500.0..500.0, y in -500.0..500.0,
    ) {
        let block = Pose::new(goal.x + offset.x / 10.0, goal.y + offset.y / 10.0, goal.angle + offset.angle / 10.0);
        let there = coverage(moved(block, turn, [x, y]), moved(goal, turn, [x, y]));
        prop_assert!((coverage(block, goal) - there).abs() < 1e-11);
        prop_assert!((coverage(goal, goal) - 1.0).abs() < 1e-12);
        // A whole turn changes nothing.
        let turned = Pose::new(block.x, block.y, block.angle + 2.0 * std::f64::consts::PI);
        prop_assert!((coverage(block, goal) - coverage(turned, goal)).abs() < 1e-11);
    }

    #[test]
    fn observed_angles_lie_within_a_turn(start in state()) {
        let mut env = env();
        env.set_state(start).unwrap();
        let row = env.state_observation();
        prop_assert!((0.0..2.0 * std::f64::consts::PI).contains(&row[4]));
        prop_assert!(((row[4] - start.block.angle).cos() - 1.0).abs() < 1e-12);
        prop_assert_eq!([row[0], row[1], row[2], row[3]],
            [start.agent[0], start.agent[1], start.block.x, start.block.y]);
        let keypoints = env.keypoints();
        let bar = pusht_env::bar_vertices(start.block);
        let stem = pusht_env::stem_vertices(start.block);
        prop_assert_eq!(&keypoints[..8], bar.as_flattened());
        prop_assert_eq!(&keypoints[8..], stem.as_flattened());
    }

    #[test]
    fn violent_actions_are_survived(start in state(), moves in prop::collection::vec([any::<f32>(), any::<f32>()], 8)) {
        let mut env = env();
        env.reset_to(start).unwrap();
        for action in moves {
            let before = env;
            match env.step(action) {
                Ok(result) => prop_assert!((0.0..=1.0).contains(&result.coverage)),
                Err(error) => {
                    let of_action = matches!(error, EnvError::Action { .. });
                    prop_assert!(of_action);
                    prop_assert_eq!(env, before);
                }
            }
        }
    }
}

#[test]
fn what_is_not_finite_is_refused() {
    let mut env = env();
    env.reset(0).unwrap();
    let before = env;
    for action in [[f32::NAN, 0.0], [0.0, f32::INFINITY]] {
        assert!(env.step(action).is_err());
    }
    let bad = State {
        agent: [0.0, f64::NAN],
        block: GOAL,
    };
    assert!(matches!(env.set_state(bad), Err(EnvError::State { .. })));
    assert!(matches!(env.reset_to(bad), Err(EnvError::State { .. })));
    let velocity = [0.0, f64::INFINITY];
    assert!(matches!(
        env.set_agent_velocity(velocity),
        Err(EnvError::Velocity { .. })
    ));
    let goal = Pose::new(0.0, 0.0, f64::INFINITY);
    assert!(matches!(env.set_goal(goal), Err(EnvError::Goal { .. })));
    assert!(PushT::new(EnvConfig::gym_pusht().with_goal(goal)).is_err());
    assert_eq!(env, before);
}

/// A push that goes on: one step from the state in its middle, with the velocity of the agent, is that of the episode.
#[test]
fn a_push_goes_on_from_its_middle() {
    let mut env = PushT::new(EnvConfig::gym_pusht()).unwrap();
    env.set_state(State::from_row([100.0, 230.0, 256.0, 200.0, 0.2]))
        .unwrap();
    let mut from_middle = PushT::new(EnvConfig::gym_pusht()).unwrap();
    let mut pushed = 0;
    for step in 0..25 {
        let (state, velocity) = (env.state(), env.agent_velocity());
        let action = [120.0 + 12.0 * step as f32, 235.0];
        env.step(action).unwrap();
        from_middle.set_motion(state, velocity).unwrap();
        assert_eq!(from_middle.state(), state);
        from_middle.step(action).unwrap();
        let (a, b) = (env.state().block, from_middle.state().block);
        assert!(
            (a.x - b.x).hypot(a.y - b.y) + 60.0 * (a.angle - b.angle).abs() < 0.2,
            "{step}: {a:?} {b:?}"
        );
        pushed += usize::from((a.x - state.block.x).abs() > 3.0);
    }
    assert!(pushed > 5);
    assert!(env.set_motion(env.state(), [f64::NAN, 0.0]).is_err());
    // Placed where it is, the episode goes on as before.
    let (mut placed, state) = (env, env.state());
    placed.place(state, env.agent_velocity()).unwrap();
    placed.step([440.0, 235.0]).unwrap();
    env.step([440.0, 235.0]).unwrap();
    assert_eq!(placed.state().agent, env.state().agent);
    let (a, b) = (env.state().block, placed.state().block);
    assert!((a.x - b.x).hypot(a.y - b.y) < 1e-6);
    assert!(placed.place(State::from_row([f64::NAN; 5]), [0.0; 2]).is_err());
}

/// Between agent and wall, which both do not give way, impulses add up and then decide where the T goes.
#[test]
fn impulses_of_a_pinned_t_can_be_scaled() {
    let mut env = PushT::new(EnvConfig::gym_pusht()).unwrap();
    // The stem stands on the lower wall, and the agent presses on the bar.
    env.set_state(State::from_row([270.0, 366.0, 256.0, 384.0, 0.0]))
        .unwrap();
    for _ in 0..8 {
        env.step([275.0, 420.0]).unwrap();
    }
    let after = |factors: [f64; CONTACT_PAIRS]| {
        let mut varied = env;
        varied.scale_impulses(&factors).unwrap();
        varied.step([290.0, 430.0]).unwrap();
        varied.state()
    };
    let mut as_it_is = env;
    as_it_is.step([290.0, 430.0]).unwrap();
    assert_eq!(after([1.0; CONTACT_PAIRS]), as_it_is.state());
    // Nothing stops the agent.
    assert_eq!(after([0.0; CONTACT_PAIRS]).agent, as_it_is.state().agent);
    for factor in [f64::NAN, f64::INFINITY, -1.0] {
        let error = env.scale_impulses(&[factor; CONTACT_PAIRS]).unwrap_err();
        assert!(matches!(error, EnvError::Impulse { .. }), "{error}");
    }
}
