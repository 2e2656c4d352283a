//! The expert as a source.
#![allow(clippy::unwrap_used)]

use pusht_data::{Demonstrations, Simulation, demonstrate, open};
use pusht_env::ExpertConfig;

fn what() -> Demonstrations {
    Demonstrations {
        episodes: 2,
        first_seed: 100_000,
        max_steps: 40,
        simulation: Simulation::DIFFUSION_POLICY,
        expert: ExpertConfig::default(),
        threads: 0,
    }
}

#[test]
fn demonstrations_are_the_same_on_any_number_of_threads() {
    let dir = tempfile::tempdir().unwrap();
    let files = [1, 2].map(|threads| {
        let path = dir.path().join(format!("{threads}.jsonl"));
        let mut last = (0, 0);
        let what = Demonstrations { threads, ..what() };
        demonstrate(&path, &what, &mut |done, total| last = (done, total)).unwrap();
        assert_eq!(last, (2, 2));
        std::fs::read(&path).unwrap()
    });
    assert_eq!(files[0], files[1]);

    let source = open(dir.path().join("1.jsonl")).unwrap();
    let episodes = source.episodes(0..2, &mut |_, _| {}).unwrap();
    for (i, episode) in episodes.iter().enumerate() {
        episode.check().unwrap();
        assert_eq!(episode.provenance.source, "expert");
        assert_eq!(episode.provenance.seed, Some(100_000 + i as u64));
        assert!(episode.len() <= 40);
    }
    let set = source.simulated().unwrap();
    let rewards = set.recipes()[0].rewards(&set.simulation).unwrap();
    assert_eq!(rewards.len(), episodes[0].len());

    // Other settings do not pass for these.
    let other = Demonstrations {
        max_steps: 41,
        ..what()
    };
    let e = demonstrate(dir.path().join("1.jsonl"), &other, &mut |_, _| {}).unwrap_err();
    assert!(e.to_string().contains("other settings or seeds"), "{e}");
}

#[test]
fn what_cannot_be_demonstrated() {
    let dir = tempfile::tempdir().unwrap();
    let error = |what: Demonstrations| {
        demonstrate(dir.path().join("x.jsonl"), &what, &mut |_, _| {})
            .unwrap_err()
            .to_string()
    };
    assert!(error(Demonstrations { episodes: 0, ..what() }).contains("at least one episode"));
    assert!(
        error(Demonstrations {
            first_seed: u64::MAX,
            ..what()
        })
        .contains("too large")
    );
    assert!(
        error(Demonstrations {
            first_seed: (1 << 32) - 1,
            ..what()
        })
        .contains("4294967296")
    );
    let expert = ExpertConfig {
        walk_speed: f64::NAN,
        ..ExpertConfig::default()
    };
    assert!(error(Demonstrations { expert, ..what() }).contains("walk_speed"));
    assert_eq!(dir.path().read_dir().unwrap().count(), 0);
}
