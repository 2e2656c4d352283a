//! LeRobot datasets: written, opened like any other dataset, and errors for damaged ones. `check_lerobot.py` reads them
//! with pyarrow, av and LeRobot itself.
#![cfg(feature = "lerobot")]
#![allow(clippy::unwrap_used)]

use proptest::prelude::*;
use pusht_data::{DataError, Episode, Provenance, open, write_lerobot};
use pusht_env::{Frame, GOAL, Pose, State};
use pusht_jobs::{CancelFlag, JobContext, RecordedProgress};

fn episode(index: usize, rows: usize) -> Episode {
    let shade = |t: usize| image::Rgb([(20 * index + 3 * t) as u8, 120, 200]);
    Episode {
        frames: (0..rows).map(|t| Frame::from_pixel(96, 96, shade(t))).collect(),
        actions: (0..rows).map(|t| [t as f32, index as f32 + 0.5]).collect(),
        states: Some(
            (0..rows)
                .map(|t| State::from_row([t as f64, 1.0, 2.0, 3.0, 0.25]))
                .collect(),
        ),
        goal: Pose {
            x: 250.0 + index as f64,
            ..GOAL
        },
        provenance: Provenance {
            source: format!("clip{index}.mp4"),
            index,
            seed: None,
            actions: "closed form".to_owned(),
        },
    }
}

#[test]
fn what_is_written_comes_back() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("set");
    let sent: Vec<Episode> = [12, 1, 30].iter().enumerate().map(|(i, &n)| episode(i, n)).collect();
    let told = RecordedProgress::default();
    let mut ctx = JobContext::new(Box::new(told.clone()), CancelFlag::new());
    let count = write_lerobot(&path, sent.iter().cloned().map(Ok), 43, &mut ctx).unwrap();
    assert_eq!((count, told.steps().last()), (3, Some(&(43, 43))));
    let set = open(&path).unwrap();
    assert_eq!(set.lengths(), [12, 1, 30]);
    let read = set.episodes(0..3, &mut JobContext::silent()).unwrap();
    for (found, sent) in read.iter().zip(&sent) {
        assert_eq!((&found.actions, &found.goal), (&sent.actions, &sent.goal));
        assert_eq!((&found.states, &found.provenance), (&sent.states, &sent.provenance));
        for (a, b) in found.frames.iter().zip(&sent.frames) {
            assert!(a.as_raw().iter().zip(b.as_raw()).all(|(a, b)| a.abs_diff(*b) < 6));
        }
    }
    assert_eq!(set.states(1).unwrap().unwrap().len(), 1);
    assert!(set.episodes(2..4, &mut JobContext::silent()).is_err());
}

#[test]
fn statistics_are_those_of_all_rows_and_pixels() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("set");
    let mut two = episode(0, 2);
    two.actions = vec![[1.0, 5.0], [3.0, 5.0]];
    two.frames = [0, 255]
        .map(|red| Frame::from_pixel(96, 96, image::Rgb([red, 51, 255])))
        .into();
    write_lerobot(&path, [Ok(two)], 2, &mut JobContext::silent()).unwrap();
    let stats = std::fs::read(path.join("meta/stats.json")).unwrap();
    let stats: serde_json::Value = serde_json::from_slice(&stats).unwrap();
    let expected = serde_json::json!({
        "min": [1.0, 5.0], "max": [3.0, 5.0], "mean": [2.0, 5.0], "std": [1.0, 0.0], "count": [2],
    });
    assert_eq!(stats["action"], expected);
    let pixels = &stats["observation.image"];
    assert_eq!(pixels["mean"], serde_json::json!([[[0.5]], [[0.2]], [[1.0]]]));
    assert_eq!(
        (&pixels["std"][0], &pixels["min"][0]),
        (&serde_json::json!([[0.5]]), &serde_json::json!([[0.0]]))
    );
}

#[test]
fn what_is_wrong_is_named() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("set");
    assert!(write_lerobot(&path, Vec::new(), 10, &mut JobContext::silent()).is_err());
    assert!(!path.exists());
    write_lerobot(&path, [Ok(episode(0, 5))], 10, &mut JobContext::silent()).unwrap();
    assert!(write_lerobot(&path, [Ok(episode(0, 5))], 10, &mut JobContext::silent()).is_err());
    let info = std::fs::read_to_string(path.join("meta/info.json")).unwrap();
    let change = |from: &str, to: &str| {
        std::fs::write(path.join("meta/info.json"), info.replace(from, to)).unwrap();
        open(&path).err().unwrap().to_string()
    };
    assert!(change("v3.0", "v2.1").contains("v2.1"));
    assert!(change("\"fps\": 10", "\"fps\": 30").contains("30"));
    assert!(change("\"dtype\": \"video\"", "\"dtype\": \"image\"").contains("dtype video"));
    std::fs::remove_file(path.join("meta/info.json")).unwrap();
    let error = open(&path).err().unwrap().to_string();
    assert!(error.contains("a LeRobot dataset without meta/info.json"), "{error}");
    std::fs::write(path.join("meta/info.json"), &info).unwrap();
    let video = path.join("videos/observation.image/chunk-000/file-000.mp4");
    std::fs::write(&video, b"no video").unwrap();
    let error = open(&path)
        .unwrap()
        .episodes(0..1, &mut JobContext::silent())
        .unwrap_err();
    assert!(matches!(error, DataError::Unreadable { .. }), "{error}");
    let table = path.join("data/chunk-000/file-000.parquet");
    let bytes = std::fs::read(&table).unwrap();
    std::fs::write(&table, &bytes[..bytes.len() / 2]).unwrap();
    let error = open(&path).err().unwrap();
    assert!(matches!(error, DataError::Table(_)), "{error}");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 32, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn damaged_bytes_end_in_an_error_or_in_episodes(
        which in 0..5_usize,
        flips in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..20),
        cut in prop::option::of(any::<prop::sample::Index>()),
    ) {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("set");
        write_lerobot(&path, [Ok(episode(0, 6)), Ok(episode(1, 4))], 10, &mut JobContext::silent()).unwrap();
        let file = path.join([
            "meta/info.json",
            "meta/pusht.json",
            "meta/episodes/chunk-000/file-000.parquet",
            "data/chunk-000/file-000.parquet",
            "videos/observation.image/chunk-000/file-001.mp4",
        ][which]);
        let mut bytes = std::fs::read(&file).unwrap();
        for (at, value) in &flips {
            let at = at.index(bytes.len());
            bytes[at] = *value;
        }
        if let Some(cut) = cut {
            bytes.truncate(cut.index(bytes.len()));
        }
        std::fs::write(&file, bytes).unwrap();
        if let Ok(set) = open(&path) {
            for i in 0..set.len() {
                let _ = set.episodes(i..i + 1, &mut JobContext::silent());
            }
        }
    }
}
