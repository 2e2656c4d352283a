//! The closed-form inverse inverts the law of motion, and the smoother handles noise and gaps.
#![allow(clippy::unwrap_used)]

use proptest::prelude::*;
use pusht_env::Action;
use pusht_vision::{
    ActionSmoother, CONTROL_STEP, InitialMotion, VisionError, actions_from_track, agent_step, executability_residual,
};
use rand::{RngExt, SeedableRng};
use rand_pcg::Pcg64;

/// Positions p_0 … p_N under the actions, from `v`.
fn play(mut p: [f64; 2], mut v: [f64; 2], actions: &[Action]) -> Vec<[f64; 2]> {
    let mut track = vec![p];
    for a in actions {
        (p, v) = agent_step(p, v, a.map(f64::from));
        track.push(p);
    }
    track
}

/// Mean L2 distance.
fn mean_l2(a: &[Action], b: &[Action]) -> f64 {
    assert_eq!(a.len(), b.len());
    let sum: f64 = a
        .iter()
        .zip(b)
        .map(|(a, b)| f64::from(a[0] - b[0]).hypot(f64::from(a[1] - b[1])))
        .sum();
    sum / a.len() as f64
}

/// A smooth path of targets.
fn targets(count: usize) -> Vec<Action> {
    (0..count)
        .map(|t| {
            let t = t as f32;
            [256.0 + 150.0 * (0.07 * t).sin(), 256.0 + 120.0 * (0.05 * t).cos()]
        })
        .collect()
}

#[test]
fn the_coefficients_are_those_of_the_ten_substeps() {
    let c = CONTROL_STEP;
    let printed = [0.70432821, 0.02993181, 0.29567179, 3.74147656, -0.00655233];
    for (found, expected) in [c.alpha, c.beta, c.gamma, c.kappa, c.lambda].into_iter().zip(printed) {
        assert!((found - expected).abs() < 5e-9, "{found} {expected}");
    }
    let (p, v) = agent_step([100.0, 3.0], [7.0, -40.0], [250.0, -20.0]);
    for (axis, (p0, v0, a)) in [(100.0, 7.0, 250.0), (3.0, -40.0, -20.0)].into_iter().enumerate() {
        assert!((p[axis] - (c.alpha * p0 + c.beta * v0 + c.gamma * a)).abs() < 1e-11);
        assert!((v[axis] - (c.kappa * (a - p0) + c.lambda * v0)).abs() < 1e-10);
    }
}

proptest! {
    #[test]
    fn an_exact_track_gives_its_actions_back(
        start in [0.0..512.0_f64, 0.0..512.0],
        actions in prop::collection::vec([-50.0..560.0_f32, -50.0..560.0], 1..80),
    ) {
        let found = actions_from_track(&play(start, [0.0; 2], &actions), InitialMotion::Rest).unwrap();
        prop_assert!(mean_l2(&found, &actions) < 1e-3);
    }

    #[test]
    fn smoothing_never_fails_on_a_finite_track(
        track in prop::collection::vec(prop::option::weighted(0.8, [-1e3..1e3_f64, -1e3..1e3]), 2..60),
        moving in any::<bool>(),
    ) {
        let start = if moving { InitialMotion::Moving } else { InitialMotion::Rest };
        match ActionSmoother::default().smooth(&track, start) {
            Ok(smoothed) => {
                prop_assert_eq!(smoothed.actions.len(), track.len() - 1);
                prop_assert!(smoothed.actions.iter().flatten().all(|a| a.is_finite()));
                prop_assert!(smoothed.action_std.iter().all(|s| s.is_finite() && *s >= 0.0));
            }
            Err(error) => prop_assert!(track[0].is_none() && error == VisionError::NoStart),
        }
    }
}

#[test]
fn a_clip_that_starts_in_motion_forgets_what_it_does_not_know() {
    let actions = targets(60);
    let track = play([256.0, 376.0], [0.0; 2], &actions);
    for from in [5, 20, 40] {
        let found = actions_from_track(&track[from..], InitialMotion::Moving).unwrap();
        assert!(mean_l2(&found, &actions[from..]) < 0.3);
        assert!(mean_l2(&found[8..], &actions[from + 8..]) < 1e-3);
        let at_rest = actions_from_track(&track[from..], InitialMotion::Rest).unwrap();
        assert!(mean_l2(&found, &actions[from..]) < mean_l2(&at_rest, &actions[from..]));
    }
}

#[test]
fn smoothing_bears_rounded_positions_and_gaps() {
    let actions = targets(120);
    let track = play([256.0, 376.0], [0.0; 2], &actions);
    let rounded: Vec<_> = track.iter().map(|p| p.map(f64::round_ties_even)).collect();
    let read_off = mean_l2(&actions_from_track(&rounded, InitialMotion::Rest).unwrap(), &actions);
    let mut seen: Vec<_> = rounded.iter().copied().map(Some).collect();
    let smoothed = ActionSmoother::default().smooth(&seen, InitialMotion::Rest).unwrap();
    let error = mean_l2(&smoothed.actions, &actions);
    assert!(error < 0.8 * read_off && error < 1.5, "{error} against {read_off}");
    assert!(
        smoothed.position_noise < 0.45 && smoothed.largest_jump < 6.0,
        "{smoothed:?}"
    );
    for gap in [30, 31, 77] {
        seen[gap] = None;
    }
    let gaps = ActionSmoother::default().smooth(&seen, InitialMotion::Rest).unwrap();
    assert!(mean_l2(&gaps.actions, &actions) < 2.0);
    assert!(gaps.action_std[30] > smoothed.action_std[30]);
    // No agent can jump.
    seen[60] = Some([20.0, 20.0]);
    assert!(
        ActionSmoother::default()
            .smooth(&seen, InitialMotion::Rest)
            .unwrap()
            .largest_jump
            > 8.0
    );
}

#[test]
fn the_tracking_error_is_estimated_and_the_intervals_know_it() {
    let actions = targets(200);
    let track = play([256.0, 376.0], [0.0; 2], &actions);
    let mut rng = Pcg64::seed_from_u64(1);
    for noise in [0.6, 1.5, 4.0] {
        // The sum of twelve uniform numbers is nearly Gaussian.
        let mut gauss = || (0..12).map(|_| rng.random_range(-0.5..0.5)).sum::<f64>() * noise;
        let seen: Vec<_> = track.iter().map(|p| Some([p[0] + gauss(), p[1] + gauss()])).collect();
        let smoothed = ActionSmoother::default().smooth(&seen, InitialMotion::Rest).unwrap();
        let ratio = smoothed.position_noise / noise;
        assert!((0.75..1.33).contains(&ratio), "{} for {noise}", smoothed.position_noise);
        let within = smoothed.actions.iter().zip(&actions).zip(&smoothed.action_std);
        let within: Vec<bool> = within
            .flat_map(|((found, action), std)| [0, 1].map(|k| f64::from((found[k] - action[k]).abs()) < 1.645 * std))
            .collect();
        let share = within.iter().filter(|w| **w).count() as f64 / within.len() as f64;
        assert!(
            (0.8..0.99).contains(&share),
            "{share} of the 90 % intervals hold at noise {noise}"
        );
        let read_off: Vec<[f64; 2]> = seen.iter().flatten().copied().collect();
        let read_off = mean_l2(&actions_from_track(&read_off, InitialMotion::Rest).unwrap(), &actions);
        assert!(mean_l2(&smoothed.actions, &actions) < 0.5 * read_off);
    }
}

#[test]
fn what_can_be_played_leaves_no_residual_and_a_teleport_does() {
    let mut track = play([256.0, 376.0], [0.0; 2], &targets(40));
    let worst = |track: &[[f64; 2]]| executability_residual(track).unwrap().into_iter().fold(0.0, f64::max);
    assert!(worst(&track) < 1e-6);
    track[20] = [20.0, 500.0];
    assert!(worst(&track) > 50.0);
}

#[test]
fn with_little_noise_the_smoother_is_the_inverse() {
    let actions = targets(40);
    let track = play([256.0, 376.0], [0.0; 2], &actions);
    let smoother = ActionSmoother {
        position_noise: Some(1e-4),
        pace_step: Some(50.0),
    };
    let seen: Vec<_> = track.iter().copied().map(Some).collect();
    let smoothed = smoother.smooth(&seen, InitialMotion::Rest).unwrap();
    assert!(mean_l2(&smoothed.actions, &actions) < 1e-3);
    assert!(
        smoothed
            .positions
            .iter()
            .zip(&track)
            .all(|(a, b)| (a[0] - b[0]).abs() < 1e-3)
    );
}

#[test]
fn tracks_that_give_no_actions_are_refused() {
    let inverse = |track: &[[f64; 2]]| actions_from_track(track, InitialMotion::Rest);
    assert_eq!(inverse(&[[0.0; 2]]), Err(VisionError::TooShort { found: 1 }));
    assert!(matches!(
        inverse(&[[0.0; 2], [f64::NAN, 0.0]]),
        Err(VisionError::NotFinite { index: 1, .. })
    ));
    let smoother = ActionSmoother {
        position_noise: Some(0.0),
        ..ActionSmoother::default()
    };
    let error = smoother.smooth(&[Some([0.0; 2]); 3], InitialMotion::Rest).unwrap_err();
    assert!(error.to_string().contains("position noise"), "{error}");
    let smoother = ActionSmoother::default();
    assert!(matches!(
        smoother.smooth(&[], InitialMotion::Rest),
        Err(VisionError::TooShort { found: 0 })
    ));
    assert!(matches!(
        smoother.smooth(&[Some([f64::INFINITY; 2]); 2], InitialMotion::Rest),
        Err(VisionError::NotFinite { .. })
    ));
}
