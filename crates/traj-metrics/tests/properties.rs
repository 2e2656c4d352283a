//! Properties of all trajectories, whatever their numbers.

use proptest::prelude::*;
use rand::{RngExt, SeedableRng};
use rand_distr::StandardNormal;
use rand_pcg::Pcg64;
use traj_metrics::*;

fn trajectory() -> impl Strategy<Value = Vec<Point>> {
    prop::collection::vec([0.0..512.0f64, 0.0..512.0f64], 5..80)
}

fn set() -> impl Strategy<Value = Vec<Vec<Point>>> {
    prop::collection::vec(trajectory(), 1..6)
}

fn map(set: &[Vec<Point>], f: impl Fn(Point) -> Point + Copy) -> Vec<Vec<Point>> {
    set.iter().map(|t| t.iter().map(|&p| f(p)).collect()).collect()
}

fn close(a: f64, b: f64) -> bool {
    (a - b).abs() <= 1e-9 * (1.0 + a.abs().max(b.abs()))
}

const ORDERS: [Order; 3] = [Order::Velocity, Order::Acceleration, Order::Jerk];

proptest! {
    #[test]
    fn translation_changes_nothing(set in set(), dx in -1e3..1e3f64, dy in -1e3..1e3f64) {
        let moved = map(&set, |[x, y]| [x + dx, y + dy]);
        for order in ORDERS {
            let (a, b) = (smoothness(&set, order).unwrap(), smoothness(&moved, order).unwrap());
            prop_assert!(close(a.mean, b.mean) && close(a.sd, b.sd));
        }
        let (a, b) = (set_directness(&set).unwrap(), set_directness(&moved).unwrap());
        prop_assert_eq!(a.still, b.still);
        if let (Some(a), Some(b)) = (a.summary, b.summary) {
            prop_assert!(close(a.mean, b.mean));
        }
        let (a, b) = (velocity_autocorrelation(&set).unwrap(), velocity_autocorrelation(&moved).unwrap());
        prop_assert!(close(a.unwrap(), b.unwrap()));
        let (a, b) = (label_variance(&set).unwrap(), label_variance(&moved).unwrap());
        prop_assert!(close(a[0], b[0]) && close(a[1], b[1]));
        prop_assert!(close(paired_l2(&set, &moved).unwrap().mean, dx.hypot(dy)));
    }

    #[test]
    fn rotation_changes_no_norm(set in set(), angle in 0.0..6.3f64) {
        let (s, c) = angle.sin_cos();
        let turned = map(&set, |[x, y]| [c * x - s * y, s * x + c * y]);
        for order in ORDERS {
            prop_assert!(close(smoothness(&set, order).unwrap().mean, smoothness(&turned, order).unwrap().mean));
        }
    }

    #[test]
    fn scaling_scales(set in set(), k in 0.1..10.0f64) {
        let scaled = map(&set, |[x, y]| [k * x, k * y]);
        for order in ORDERS {
            let (a, b) = (smoothness(&set, order).unwrap(), smoothness(&scaled, order).unwrap());
            prop_assert!(close(k * a.mean, b.mean) && close(k * a.sd, b.sd));
        }
        let (a, b) = (velocity_autocorrelation(&set).unwrap(), velocity_autocorrelation(&scaled).unwrap());
        prop_assert!(close(a.unwrap(), b.unwrap()));
        let (a, b) = (label_variance(&set).unwrap(), label_variance(&scaled).unwrap());
        prop_assert!(close(k * k * a[0], b[0]));
        for (a, b) in set.iter().zip(&scaled) {
            let far = |t: &[Point]| (t[0][0] - t[t.len() - 1][0]).hypot(t[0][1] - t[t.len() - 1][1]) > 1.0;
            if far(a) && far(b) {
                prop_assert!(close(directness(a).unwrap().unwrap(), directness(b).unwrap().unwrap()));
            }
        }
    }

    #[test]
    fn straight_lines_are_direct(
        from in [0.0..512.0f64, 0.0..512.0f64],
        step in [1.0..20.0f64, -20.0..20.0f64],
        n in 3usize..60,
    ) {
        let line: Vec<Point> =
            (0..n).map(|t| [from[0] + step[0] * t as f64, from[1] + step[1] * t as f64]).collect();
        prop_assert!(close(directness(&line).unwrap().unwrap(), 1.0));
        prop_assert!(close(velocity_autocorrelation(&[line]).unwrap().unwrap(), 1.0));
    }

    #[test]
    fn directness_is_never_below_one(t in trajectory()) {
        prop_assert!(directness(&t).unwrap().is_none_or(|d| d >= 1.0 - 1e-12));
    }

    #[test]
    fn r2_is_one_minus_mse_over_label_variance(reference in trajectory(), error in -50.0..50.0f64) {
        let predicted: Vec<Point> = reference.iter().map(|p| [p[0] + error, p[1]]).collect();
        let [x, y] = label_variance(&[&reference]).unwrap();
        prop_assert!(close(mse(&predicted, &reference).unwrap(), error * error / 2.0));
        prop_assert!(close(r2(&predicted, &reference).unwrap(), 1.0 - error * error / (x + y)));
    }

    #[test]
    fn intervals_hold_the_mean_and_repeat(values in prop::collection::vec(-1.0..1.0f64, 2..40), seed: u64) {
        let bootstrap = Bootstrap { resamples: 500, level: 0.95, seed };
        let i = bootstrap.mean(&values).unwrap();
        prop_assert!(i.bounds.is_some_and(|bounds| bounds.contains(i.mean)));
        prop_assert_eq!(i, bootstrap.mean(&values).unwrap());
        let zero = bootstrap.paired_difference(&values, &values).unwrap();
        prop_assert_eq!(zero, Interval::new(0.0, 0.0, 0.0));
    }

    #[test]
    fn any_bad_number_is_an_error(mut set in set(), which: prop::sample::Index, bad in prop::sample::select(
        vec![f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 1e200],
    )) {
        let trajectory = which.index(set.len());
        let point = which.index(set[trajectory].len());
        set[trajectory][point][1] = bad;
        let found = ActionMeasures::of(&set, None, 0).unwrap_err();
        let at = match found {
            MetricError::BadPoint { trajectory, point, .. } => Some((trajectory, point)),
            _ => None,
        };
        prop_assert_eq!(at, Some((trajectory, point)));
    }
}

#[test]
fn white_noise_scores_minus_one_half() {
    let mut rng = Pcg64::seed_from_u64(7);
    let mut set: Vec<Vec<Point>> = vec![vec![[0.0; 2]; 125]; 200];
    for p in set.iter_mut().flatten() {
        *p = [rng.sample(StandardNormal), rng.sample(StandardNormal)];
    }
    let found = velocity_autocorrelation(&set).unwrap().unwrap();
    assert!((found + 0.5).abs() < 0.01, "{found}");
    // A random walk has independent velocities.
    for t in &mut set {
        for i in 1..t.len() {
            t[i] = [t[i - 1][0] + t[i][0], t[i - 1][1] + t[i][1]];
        }
    }
    let found = velocity_autocorrelation(&set).unwrap().unwrap();
    assert!(found.abs() < 0.02, "{found}");
}

#[test]
fn floors_have_the_moments_they_promise() {
    let set: Vec<Vec<Point>> = (0..20)
        .map(|i| {
            (0..200)
                .map(|t| [f64::from(i * 10 + t), 300.0 - 0.5 * f64::from(t)])
                .collect()
        })
        .collect();
    let noise = white_noise_floor(&set, 3).unwrap();
    assert_eq!(noise, white_noise_floor(&set, 3).unwrap());
    assert_ne!(noise, white_noise_floor(&set, 4).unwrap());
    let (a, b) = (label_variance(&set).unwrap(), label_variance(&noise).unwrap());
    assert!(
        (a[0] / b[0] - 1.0).abs() < 0.1 && (a[1] / b[1] - 1.0).abs() < 0.1,
        "{a:?} {b:?}"
    );

    let all = ActionMeasures::of(&set, Some(&set), 3).unwrap();
    assert_eq!(all.constant.measures.velocity.mean, 0.0);
    assert_eq!(all.constant.measures.directness.still, 20);
    assert!((all.white_noise.measures.velocity_autocorrelation.unwrap() + 0.5).abs() < 0.03);
    // The next point of a line is one step ahead.
    let next = all.next_position.as_ref().unwrap();
    assert!((next.l2.mean - 1.25f64.sqrt()).abs() < 1e-12);
    assert_eq!(next.measures.actions, all.actions.actions - 20);
    let json = serde_json::to_string(&all).unwrap();
    assert_eq!(serde_json::from_str::<ActionMeasures>(&json).unwrap(), all);
}

#[test]
fn positions_must_fit_the_actions() {
    let set = vec![vec![[0.0, 0.0]; 6]];
    let shorter = vec![vec![[0.0, 0.0]; 5]];
    assert_eq!(
        ActionMeasures::of(&set, Some(&shorter), 0).unwrap_err().to_string(),
        "trajectory 0 has 6 points against 5; expected as many of each"
    );
    let four = vec![vec![[0.0, 0.0]; 4]];
    assert!(matches!(
        ActionMeasures::of(&four, Some(&four), 0),
        Err(MetricError::TooShort { needed: 5, .. })
    ));
    assert!(ActionMeasures::of(&four, None, 0).is_ok());
    assert_eq!(ActionMeasures::of::<Vec<Point>>(&[], None, 0), Err(MetricError::Empty));
}
