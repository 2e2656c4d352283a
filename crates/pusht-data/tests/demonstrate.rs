//! The expert as a source.
#![allow(clippy::unwrap_used)]

use pusht_data::{Demonstrations, SimulatedSet, Simulation, demonstrate, demonstrate_part, open};
use pusht_env::ExpertConfig;
use pusht_jobs::{CancelFlag, JobContext, RecordedProgress, Shard};

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
        let what = Demonstrations { threads, ..what() };
        let told = RecordedProgress::default();
        let mut ctx = JobContext::new(Box::new(told.clone()), CancelFlag::new());
        demonstrate(&path, &what, &mut ctx).unwrap();
        assert_eq!(told.steps().last(), Some(&(2, 2)));
        std::fs::read(&path).unwrap()
    });
    assert_eq!(files[0], files[1]);

    let source = open(dir.path().join("1.jsonl")).unwrap();
    let episodes = source.episodes(0..2, &mut JobContext::silent()).unwrap();
    for (i, episode) in episodes.iter().enumerate() {
        episode.check().unwrap();
        assert_eq!(episode.provenance.source, "expert");
        assert_eq!(episode.provenance.seed, Some(100_000 + i as u64));
        assert!(episode.len() <= 40);
    }
    let set = source.simulated().unwrap();
    let rewards = set.trajectories()[0].rewards(&set.simulation).unwrap();
    assert_eq!(rewards.len(), episodes[0].len());

    // A set with other settings is refused.
    let other = Demonstrations {
        max_steps: 41,
        ..what()
    };
    let e = demonstrate(dir.path().join("1.jsonl"), &other, &mut JobContext::silent()).unwrap_err();
    assert!(e.to_string().contains("other settings or seeds"), "{e}");
    let more = Demonstrations {
        episodes: what().episodes + 5,
        ..what()
    };
    let e = demonstrate(dir.path().join("1.jsonl"), &more, &mut JobContext::silent()).unwrap_err();
    let told = format!(
        "a set of {} episodes, where {} are wanted",
        what().episodes,
        more.episodes
    );
    assert!(e.to_string().contains(&told), "{e}");
}

#[test]
fn parts_join_to_what_one_process_writes() {
    let dir = tempfile::tempdir().unwrap();
    let what = Demonstrations {
        episodes: 5,
        max_steps: 12,
        ..what()
    };
    let make = |name: &str, what: &Demonstrations, shard: &str| {
        let path = dir.path().join(name);
        let shard: Shard = shard.parse().unwrap();
        demonstrate_part(&path, what, shard, &mut JobContext::silent()).unwrap();
        path
    };
    let whole = dir.path().join("whole.jsonl");
    demonstrate(&whole, &what, &mut JobContext::silent()).unwrap();
    // Also into more parts than there are episodes; files in any order.
    for of in [1, 3, 7] {
        let mut parts: Vec<_> = (1..=of)
            .map(|i| make(&format!("{i}-{of}.jsonl"), &what, &format!("{i}/{of}")))
            .collect();
        parts.reverse();
        let joined = dir.path().join(format!("joined-{of}.jsonl"));
        SimulatedSet::merge(&parts).unwrap().save(&joined).unwrap();
        assert!(
            std::fs::read(joined).unwrap() == std::fs::read(&whole).unwrap(),
            "{of} parts"
        );
    }

    let [a, b, c] = ["1-3.jsonl", "2-3.jsonl", "3-3.jsonl"].map(|name| dir.path().join(name));
    let error = |files: &[&std::path::PathBuf]| {
        let files: Vec<_> = files.iter().map(|&file| file.clone()).collect();
        SimulatedSet::merge(&files).unwrap_err().to_string()
    };
    assert!(error(&[&a, &c]).contains("no file holds 2/3"));
    let text = error(&[&a, &b, &c, &b]);
    assert!(text.contains("2-3.jsonl: is part 2/3, as"), "{text}");
    let text = error(&[&whole]);
    assert!(text.contains("whole.jsonl: a whole set"), "{text}");
    let other = Demonstrations { first_seed: 7, ..what };
    let foreign = make("foreign.jsonl", &other, "3/3");
    let text = error(&[&a, &b, &foreign]);
    assert!(text.contains("foreign.jsonl: part 3/3 of another set"), "{text}");
    let longer = Demonstrations { max_steps: 13, ..what };
    let foreign = make("longer.jsonl", &longer, "3/3");
    let text = error(&[&a, &b, &foreign]);
    assert!(text.contains("longer.jsonl: part 3/3 of another set"), "{text}");

    let text = open(&a).err().unwrap().to_string();
    assert!(text.contains("part 1/3") && text.contains("merge"), "{text}");
    let e = demonstrate(&a, &what, &mut JobContext::silent()).unwrap_err();
    assert!(e.to_string().contains("other settings or seeds"), "{e}");
}

#[test]
fn what_cannot_be_demonstrated() {
    let dir = tempfile::tempdir().unwrap();
    let error = |what: Demonstrations| {
        demonstrate(dir.path().join("x.jsonl"), &what, &mut JobContext::silent())
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
