//! The zarr replay buffer: values as numpy reads them, and errors for broken copies.
#![cfg(feature = "zarr")]
#![allow(clippy::unwrap_used)]

use std::path::{Path, PathBuf};

use pusht_data::{DataError, Episode, ReplayBuffer, SimulatedSet, Simulation, open, write_replay_buffer};
use pusht_jobs::{CancelFlag, JobContext, RecordedProgress};
use sha2::{Digest, Sha256};

fn fixture() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/replay_buffer.zarr")
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).unwrap();
        }
    }
}

/// A copy of the fixture to break.
fn broken(change: impl FnOnce(&Path)) -> (tempfile::TempDir, PathBuf) {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("set.zarr");
    copy(&fixture(), &path);
    change(&path);
    (dir, path)
}

fn error(path: &Path) -> String {
    match ReplayBuffer::open(path) {
        Err(e) => e.to_string(),
        Ok(buffer) => buffer
            .episodes(0..buffer.len(), &mut JobContext::silent())
            .expect_err("an error")
            .to_string(),
    }
}

#[test]
fn values_equal_numpy() {
    let text = std::fs::read_to_string(fixture().with_extension("json")).unwrap();
    let expected: serde_json::Value = serde_json::from_str(&text).unwrap();
    let buffer = ReplayBuffer::open(fixture()).unwrap();
    assert_eq!(buffer.len(), 3);
    assert_eq!(serde_json::json!(buffer.episode_ends()), expected["episode_ends"]);
    assert_eq!(serde_json::json!(buffer.actions()), expected["action"]);
    let states: Vec<[f64; 5]> = buffer.states().unwrap().iter().map(|s| s.to_row()).collect();
    assert_eq!(serde_json::json!(states), expected["state"]);

    let told = RecordedProgress::default();
    let mut ctx = JobContext::new(Box::new(told.clone()), CancelFlag::new());
    let episodes = buffer.episodes(0..3, &mut ctx).unwrap();
    assert_eq!(told.steps().last(), Some(&(22, 22)));
    let hashes: Vec<String> = episodes
        .iter()
        .flat_map(|e| &e.frames)
        .map(|f| Sha256::digest(f.as_raw()).iter().map(|b| format!("{b:02x}")).collect())
        .collect();
    assert_eq!(serde_json::json!(hashes), expected["frame_sha256"]);
    for episode in &episodes {
        episode.check().unwrap();
    }
}

#[test]
fn a_range_equals_the_same_episodes_of_the_whole() {
    let buffer = ReplayBuffer::open(fixture()).unwrap();
    let all = buffer.episodes(0..3, &mut JobContext::silent()).unwrap();
    for range in [0..1, 1..2, 2..3, 1..3, 0..0] {
        let some = buffer.episodes(range.clone(), &mut JobContext::silent()).unwrap();
        assert_eq!(some, all[range]);
    }
    assert_eq!(all[1].provenance.index, 1);
    assert_eq!(all[1].provenance.source, "replay_buffer.zarr");
}

#[test]
fn beyond_the_end() {
    let buffer = ReplayBuffer::open(fixture()).unwrap();
    let e = buffer.episodes(2..4, &mut JobContext::silent()).unwrap_err();
    assert!(matches!(e, DataError::OutOfRange { .. }), "{e}");
    assert!(e.to_string().contains("episode 3"), "{e}");
}

#[test]
fn broken_copies_are_named() {
    let e = error(Path::new("/no/such.zarr"));
    assert!(e.contains("not found") && e.contains("replay buffer"), "{e}");

    let (_dir, path) = broken(|p| std::fs::remove_dir_all(p.join("data/action")).unwrap());
    assert!(error(&path).contains("array data/action"), "{}", error(&path));

    let (_dir, path) = broken(|p| std::fs::remove_dir_all(p.join("data/img")).unwrap());
    assert!(error(&path).contains("array data/img"), "{}", error(&path));
    assert!(!ReplayBuffer::open(&path).unwrap().has_frames());

    let (_dir, path) = broken(|p| std::fs::remove_file(p.join("data/img/1.0.0.0")).unwrap());
    assert!(error(&path).contains("chunk 1 of array data/img"), "{}", error(&path));
    assert!(error(&path).contains("missing"), "{}", error(&path));

    for file in ["data/img/2.0.0.0", "data/action/0.0", "meta/episode_ends/0"] {
        for keep in [0, 10, 30] {
            let (_dir, path) = broken(|p| {
                let bytes = std::fs::read(p.join(file)).unwrap();
                std::fs::write(p.join(file), &bytes[..keep]).unwrap();
            });
            let array = file.rsplit_once('/').unwrap().0;
            let e = error(&path);
            assert!(e.contains(&format!("of array {array} cannot be read")), "{e}");
        }
    }
}

fn replace(path: &Path, file: &str, from: &str, to: &str) {
    let text = std::fs::read_to_string(path.join(file)).unwrap();
    assert!(text.contains(from), "{text}");
    std::fs::write(path.join(file), text.replace(from, to)).unwrap();
}

#[test]
fn foreign_layouts_are_named() {
    let (_dir, path) = broken(|p| {
        std::fs::remove_dir_all(p.join("data/action")).unwrap();
        std::fs::rename(p.join("data/state"), p.join("data/action")).unwrap();
    });
    let e = error(&path);
    assert!(
        e.contains("data/action") && e.contains("[rows, 2]") && e.contains("[22, 5]"),
        "{e}"
    );

    for width in [2, 4, 7] {
        let (bytes, shape) = (vec![0; 4 * 22 * width], format!("22,{width}"));
        let (_dir, path) = broken(|p| overwrite(p, "data/state", "0.0", "<f4", &shape, &bytes));
        let (e, found) = (error(&path), format!("found shape [22, {width}]"));
        assert!(
            e.contains("data/state: expected shape [rows, 5]: agent x, agent y, T x, T y, T angle")
                && e.contains(&found),
            "{e}"
        );
    }

    let (_dir, path) = broken(|p| {
        replace(p, "data/action/.zarray", "<f4", "|b1");
        replace(p, "data/action/.zarray", "0.0", "false");
    });
    assert!(
        error(&path).contains("dtype float32, float64, or an integer type"),
        "{}",
        error(&path)
    );

    let (_dir, path) = broken(|p| replace(p, "data/state/.zarray", "22", "21"));
    assert!(error(&path).contains("22 rows, as data/action"), "{}", error(&path));

    let (_dir, path) = broken(|p| std::fs::write(p.join("data/img/.zarray"), "{").unwrap());
    assert!(
        error(&path).contains("array data/img: expected zarr array metadata that can be read"),
        "{}",
        error(&path)
    );

    // 2³² × 2³² pixels: the product of the sizes overflows every integer of the machine.
    let (_dir, path) = broken(|p| replace(p, "data/img/.zarray", "96", "4294967296"));
    assert!(error(&path).contains("sizes that fit into memory"), "{}", error(&path));

    let (_dir, path) = broken(|p| {
        std::fs::remove_dir_all(p.join("data")).unwrap();
        std::fs::remove_dir_all(p.join("meta")).unwrap();
    });
    assert!(error(&path).contains("meta/episode_ends"), "{}", error(&path));
}

/// Replaces an array by an uncompressed one-chunk copy with other values.
fn overwrite(path: &Path, array: &str, chunk: &str, dtype: &str, shape: &str, bytes: &[u8]) {
    let folder = path.join(array);
    std::fs::remove_dir_all(&folder).unwrap();
    std::fs::create_dir_all(&folder).unwrap();
    let meta = format!(
        r#"{{"chunks":[{shape}],"compressor":null,"dtype":"{dtype}","fill_value":0,"filters":null,"order":"C","shape":[{shape}],"zarr_format":2}}"#
    );
    std::fs::write(folder.join(".zarray"), meta).unwrap();
    std::fs::write(folder.join(chunk), bytes).unwrap();
}

#[test]
fn values_that_cannot_be_meant() {
    let ends = |values: &[i64]| {
        let bytes: Vec<u8> = values.iter().flat_map(|v| v.to_le_bytes()).collect();
        let n = values.len().to_string();
        let (dir, path) = broken(|p| overwrite(p, "meta/episode_ends", "0", "<i8", &n, &bytes));
        let e = error(&path);
        drop(dir);
        e
    };
    assert!(
        ends(&[7, 7, 22]).contains("episode 1 is empty"),
        "{}",
        ends(&[7, 7, 22])
    );
    assert!(ends(&[12, 7, 22]).contains("7 after 12"), "{}", ends(&[12, 7, 22]));
    assert!(
        ends(&[7, 21]).contains("21; the copy is incomplete"),
        "{}",
        ends(&[7, 21])
    );
    assert!(ends(&[7, 23]).contains("23; the copy"), "{}", ends(&[7, 23]));

    let mut actions = [100.0_f32; 44];
    actions[13] = f32::NAN;
    let bytes: Vec<u8> = actions.iter().flat_map(|v| v.to_le_bytes()).collect();
    let (_dir, path) = broken(|p| overwrite(p, "data/action", "0.0", "<f4", "22,2", &bytes));
    let e = error(&path);
    assert!(e.contains("data/action, row 6") && e.contains("NaN"), "{e}");

    let pixels = [0.5_f32; 22 * 2 * 2 * 3];
    let bytes: Vec<u8> = pixels.iter().flat_map(|v| v.to_le_bytes()).collect();
    let (_dir, path) = broken(|p| overwrite(p, "data/img", "0.0.0.0", "<f4", "22,2,2,3", &bytes));
    let e = error(&path);
    assert!(e.contains("data/img, row 0") && e.contains("whole numbers"), "{e}");
}

#[test]
fn uint8_pictures_are_read_too() {
    let bytes: Vec<u8> = (0..22 * 12).map(|i| i as u8).collect();
    let (_dir, path) = broken(|p| overwrite(p, "data/img", "0.0.0.0", "|u1", "22,2,2,3", &bytes));
    let buffer = ReplayBuffer::open(&path).unwrap();
    let episodes = buffer.episodes(1..2, &mut JobContext::silent()).unwrap();
    assert_eq!(episodes[0].frames.len(), 5);
    assert_eq!(episodes[0].frames[0].as_raw(), &bytes[7 * 12..8 * 12]);
}

/// The fixture was recorded by gym-pusht from seeds 0, 1, 2.
#[test]
fn recipes_bring_the_recorded_frames_back() {
    let source = open(fixture()).unwrap();
    let (set, difference) =
        SimulatedSet::recover(&source, 3, Simulation::GYM_PUSHT, &mut JobContext::silent()).unwrap();
    assert_eq!(set.len(), 3);
    assert_eq!((difference.frames, difference.pixels), (22, 0));
    assert!(difference.states < 2e-5, "{difference:?}");

    let e = SimulatedSet::recover(&source, 3, Simulation::DIFFUSION_POLICY, &mut JobContext::silent()).unwrap_err();
    let e = e.to_string();
    assert!(e.contains("episode 0 does not follow from its seed"), "{e}");
    assert!(
        e.contains("diffusion-policy") && e.contains("--recorded-in gym-pusht"),
        "{e}"
    );
}

/// The last chunk is as large as the others, 17 MiB of 96 × 96 frames, and compresses to almost nothing if few of them are
/// frames.
#[test]
fn a_few_frames_in_the_last_chunk_are_read_back() {
    let dir = tempfile::tempdir().unwrap();
    for rows in [1, 163] {
        let start = pusht_data::Start::Seed(0);
        let trajectory = pusht_data::SeededTrajectory::new(start, vec![[300.0, 200.0]; rows]);
        let set = SimulatedSet::new("few", "few", Simulation::DIFFUSION_POLICY, vec![trajectory]).unwrap();
        let episodes = set.episodes(0..1, &mut JobContext::silent()).unwrap();
        let path = dir.path().join(format!("{rows}.zarr"));
        let written = episodes.iter().cloned().map(Ok);
        write_replay_buffer(&path, &[rows], written, &mut JobContext::silent()).unwrap();
        let back = ReplayBuffer::open(&path).unwrap();
        let back = back.episodes(0..1, &mut JobContext::silent()).unwrap();
        assert!(back[0].frames == episodes[0].frames, "{rows} rows");
    }
}

#[test]
fn what_is_written_is_read_back() {
    let buffer = ReplayBuffer::open(fixture()).unwrap();
    let mut episodes = buffer.episodes(0..3, &mut JobContext::silent()).unwrap();
    // Longer than a chunk.
    for _ in 0..30 {
        let again = episodes[0].clone();
        episodes.push(again);
    }
    let lengths: Vec<usize> = episodes.iter().map(Episode::len).collect();
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("out.zarr");
    let told = RecordedProgress::default();
    let mut ctx = JobContext::new(Box::new(told.clone()), CancelFlag::new());
    write_replay_buffer(&path, &lengths, episodes.iter().cloned().map(Ok), &mut ctx).unwrap();
    assert_eq!(told.steps().last(), Some(&(232, 232)));
    let back = ReplayBuffer::open(&path).unwrap();
    let read = back.episodes(0..back.len(), &mut JobContext::silent()).unwrap();
    assert_eq!(read.len(), episodes.len());
    for (a, b) in read.iter().zip(&episodes) {
        assert_eq!((&a.frames, &a.actions, &a.states), (&b.frames, &b.actions, &b.states));
    }

    let e = write_replay_buffer(
        &path,
        &lengths,
        episodes.iter().cloned().map(Ok),
        &mut JobContext::silent(),
    )
    .unwrap_err();
    assert!(e.to_string().contains("exists already"), "{e}");
    let other = dir.path().join("other.zarr");
    let e = write_replay_buffer(
        &other,
        &[7, 5],
        episodes.iter().cloned().map(Ok),
        &mut JobContext::silent(),
    )
    .unwrap_err();
    assert!(e.to_string().contains("10 rows in episode 2"), "{e}");
    assert!(!other.exists());
    assert_eq!(dir.path().read_dir().unwrap().count(), 1);
}
