//! The Fréchet distance for known cases, and the order of distances.

#![allow(clippy::unwrap_used, reason = "helpers of tests")]

use clip_audit::*;
use pusht_env::{Pose, State};
use pusht_vision::Tracked;
use rand::{RngExt, SeedableRng};
use rand_pcg::Pcg64;
use traj_metrics::Bootstrap;

/// An agent on a straight walk past a T that stands at random places.
fn clip(rng: &mut Pcg64, speed: f64) -> Vec<Tracked> {
    let from: [f64; 2] = [rng.random_range(50.0..250.0), rng.random_range(50.0..450.0)];
    let block = Pose::new(
        rng.random_range(100.0..400.0),
        rng.random_range(100.0..400.0),
        rng.random_range(0.0..6.0),
    );
    let pace = speed * rng.random_range(0.5..1.5);
    (0..40)
        .map(|t| {
            let agent = [from[0] + pace * f64::from(t), from[1]];
            State { agent, block }.into()
        })
        .collect()
}

fn set(seed: u64, clips: usize, speed: f64) -> TrajectorySet {
    let mut rng = Pcg64::seed_from_u64(seed);
    let mut set = TrajectorySet::default();
    for _ in 0..clips {
        set.add(&clip(&mut rng, speed)).unwrap();
    }
    set
}

#[test]
fn frechet_is_a_distance_with_an_order() {
    let (real, again, faster) = (set(1, 60, 4.0), set(2, 60, 4.0), set(3, 60, 20.0));
    assert_eq!((real.clips(), real.windows(), real.unseen()), (60, 60 * 4, 0));
    let same = frechet(&real, &real).unwrap();
    assert!(same.abs() < 1e-9, "{same}");
    let [near, far] = [&again, &faster].map(|other| frechet(&real, other).unwrap());
    assert!(near > 0.0 && far > 2.0 * near, "{near} {far}");
    let back = frechet(&faster, &real).unwrap();
    assert!((back - far).abs() < 1e-9 * far, "{back} {far}");

    let bootstrap = Bootstrap {
        resamples: 200,
        ..Bootstrap::default()
    };
    let interval = frechet_interval(&real, &faster, &bootstrap).unwrap();
    assert!(
        interval.value == far && interval.bounds.is_some_and(|b| b.low < far && far < b.high),
        "{interval:?}"
    );
    let null = NullDistances::draw(&real, [30, 30], 200, 0).unwrap();
    assert!(null.median().unwrap() < far && null.share_beyond(far) < 0.01);
    assert!(null.share_beyond(0.0) == 1.0);
    let [mut a, b] = split_clips(60, 20, 5).unwrap();
    assert_eq!((a.len(), b.len()), (20, 40));
    a.extend(b);
    a.sort_unstable();
    assert!(a.into_iter().eq(0..60));
}

/// Two sets whose Gaussians differ in the mean of one feature only: the distance is that difference squared.
#[test]
fn frechet_of_moved_means() {
    let moved = |by: f64| {
        let mut rng = Pcg64::seed_from_u64(9);
        let mut set = TrajectorySet::default();
        for _ in 0..30 {
            let mut track = clip(&mut rng, 4.0);
            for t in &mut track {
                // Far from every T, so that neither touch nor gap changes.
                t.agent = t.agent.map(|[x, y]| [x + 5000.0 + by, y]);
            }
            set.add(&track).unwrap();
        }
        set
    };
    let distance = frechet(&moved(0.0), &moved(50.0)).unwrap();
    let expected = (50.0 / FEATURE_SCALES[0].1).powi(2);
    assert!((distance - expected).abs() < 1e-9, "{distance} {expected}");
}

#[test]
fn windows_that_miss_something_are_left_out_and_nonsense_is_refused() {
    let mut rng = Pcg64::seed_from_u64(4);
    let mut track = clip(&mut rng, 4.0);
    track[20].block = None;
    let mut set = TrajectorySet::default();
    set.add(&track).unwrap();
    assert_eq!((set.clips(), set.windows(), set.unseen()), (1, 2, 2));
    set.add(&track[..15]).unwrap();
    assert_eq!(set.clips(), 1);
    assert!(matches!(
        frechet(&set, &set),
        Err(DistributionError::TooFew { clips: 1, .. })
    ));
    track[3].agent = Some([f64::NAN, 0.0]);
    assert_eq!(set.add(&track), Err(DistributionError::NotFinite { frame: 3 }));
    assert!(matches!(split_clips(9, 1, 0), Err(DistributionError::Split { .. })));
    let real = self::set(1, 10, 4.0);
    assert!(matches!(
        NullDistances::draw(&real, [6, 5], 9, 0),
        Err(DistributionError::Split { .. })
    ));
    assert!(NullDistances::draw(&real, [5, 5], 0, 0).is_err());
}

/// Diagonal covariances and known means: d = |μ₁ − μ₂|² + Σ (σ₁ − σ₂)².
#[test]
fn frechet_of_any_features() {
    let cross = |at: [f64; 2], spread: [f64; 2]| -> Vec<Vec<f64>> {
        // Four points of sample variance spread².
        let k = (3.0_f64 / 2.0).sqrt();
        let [x, y] = spread.map(|s| s * k);
        [[x, 0.0], [-x, 0.0], [0.0, y], [0.0, -y]]
            .iter()
            .map(|p| vec![at[0] + p[0], at[1] + p[1]])
            .collect()
    };
    let (a, b) = (cross([1e6, 2.0], [1.0, 2.0]), cross([1e6 + 3.0, 6.0], [4.0, 2.5]));
    let found = frechet_of_features(&a, &b).unwrap();
    assert!((found - (25.0 + 9.0 + 0.25)).abs() < 1e-9, "{found}");
    assert!(matches!(
        frechet_of_features(&a, &b[..1]),
        Err(DistributionError::TooFewVectors { found: 1, .. })
    ));
    let ragged = [vec![0.0; 2], vec![0.0; 3]];
    assert!(matches!(
        frechet_of_features(&a, &ragged),
        Err(DistributionError::Vector { index: 1, .. })
    ));
}
