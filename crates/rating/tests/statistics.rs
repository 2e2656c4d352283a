//! Comparison with other implementations: the pip package `krippendorff`, and scipy (fixtures/make_agreement.py).
#![allow(clippy::unwrap_used, reason = "helpers of tests")]

use rating::{Level, RatedClip, Rating, Ratings, Scale, Scores, krippendorff_alpha};
use serde::Deserialize;
use traj_metrics::{Bootstrap, spearman};

#[derive(Deserialize)]
struct Fixture {
    alpha: Vec<Alpha>,
    spearman: Vec<Spearman>,
}

#[derive(Deserialize)]
struct Alpha {
    units: Vec<Vec<u8>>,
    nominal: f64,
    ordinal: f64,
}

#[derive(Deserialize)]
struct Spearman {
    pairs: Vec<(f64, f64)>,
    rho: f64,
}

#[test]
fn agreement_and_rank_correlation_as_others_compute_them() {
    let fixture: Fixture = serde_json::from_str(include_str!("fixtures/agreement.json")).unwrap();
    assert_eq!((fixture.alpha.len(), fixture.spearman.len()), (12, 3));
    for case in fixture.alpha {
        for (level, theirs) in [(Level::Nominal, case.nominal), (Level::Ordinal, case.ordinal)] {
            let ours = krippendorff_alpha(&case.units, level).unwrap();
            assert!((ours - theirs).abs() < 1e-12, "{level:?}: {ours} against {theirs}");
        }
    }
    for case in fixture.spearman {
        let ours = spearman(&case.pairs).unwrap();
        assert!((ours - case.rho).abs() < 1e-12, "{ours} against {}", case.rho);
    }
}

/// Ratings of `table[rater][clip]`; `None` for clips that a rater did not reach.
fn study(table: &[Vec<Option<u8>>]) -> Ratings {
    let mut ratings = Ratings {
        clips: (0..table[0].len())
            .map(|i| RatedClip {
                name: format!("{i:03}.mp4"),
                sha256: format!("{i:064}"),
            })
            .collect(),
        raters: (0..table.len()).map(|r| format!("rater {r}")).collect(),
        ratings: Vec::new(),
    };
    for (rater, row) in table.iter().enumerate() {
        for (clip, physics) in row.iter().enumerate() {
            let Some(physics) = *physics else { continue };
            ratings.ratings.push(Rating {
                clip,
                rater,
                scores: Scores {
                    adherence: physics.min(2),
                    responsibility: physics / 3,
                    physics,
                },
                rated: String::new(),
                seconds: None,
            });
        }
    }
    ratings
}

#[test]
fn means_weigh_clips_alike() {
    // The first clip was rated three times, the second once, the third never.
    let report = study(&[
        vec![Some(1), Some(5), None],
        vec![Some(2), None, None],
        vec![Some(3), None, None],
    ])
    .report(None, Bootstrap::default())
    .unwrap();
    assert_eq!((report.clips_in_all, report.clips.len(), report.ratings), (3, 2, 4));
    let physics = &report.scales[Scale::Physics as usize];
    assert_eq!(physics.mean.value, (2.0 + 5.0) / 2.0);
    assert_eq!(physics.counts, [1, 1, 1, 0, 1]);
    assert_eq!(report.raters[0].means[2], 3.0);
    assert!(physics.audit_correlation.is_none());
}

#[test]
fn intervals_of_one_rater_are_those_of_the_clips() {
    let one: Vec<Option<u8>> = (0..40).map(|i| Some(1 + (i * 7 % 5) as u8)).collect();
    let values: Vec<f64> = one.iter().flatten().map(|&v| f64::from(v)).collect();
    let expected = Bootstrap::default().mean(&values).unwrap();
    let report = study(&[one]).report(None, Bootstrap::default()).unwrap();
    let physics = &report.scales[2];
    let [low, high] = physics.mean.interval.unwrap();
    assert!((physics.mean.value - expected.mean).abs() < 1e-12);
    let bounds = expected.bounds.unwrap();
    assert!((low - bounds.low).abs() < 0.05 && (high - bounds.high).abs() < 0.05);
    assert!(physics.alpha.is_none(), "one person agrees with nobody");
}

#[test]
fn nothing_rated_and_little_rated() {
    let empty = Ratings::default().report(None, Bootstrap::default()).unwrap();
    assert!(empty.scales.is_empty());
    assert!(empty.to_string().contains("Nothing was rated yet."));
    let one = study(&[vec![Some(4)], vec![Some(4)]])
        .report(None, Bootstrap::default())
        .unwrap();
    assert_eq!(one.scales[2].mean.interval, None, "one clip has no spread");
    assert_eq!(one.scales[2].alpha, None, "all the same: nothing to agree about");
    let audit = [(
        "x".to_owned(),
        rating::AuditScore {
            adherence: f64::NAN,
            responsibility: 0.0,
            physics: 1.0,
        },
    )];
    assert!(
        study(&[vec![Some(4)]])
            .report(Some(&audit.into()), Bootstrap::default())
            .is_err()
    );
}
