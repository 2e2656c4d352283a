//! LeRobot datasets as users have them: rows are paired with frames by time, tables may be in any order, and what cannot be
//! meant is refused by file, column and row.
#![allow(clippy::unwrap_used)]

mod common;

use std::path::Path;

use common::{CAMERA, Cells, Dataset, Table, episodes, shown};
use pusht_data::{DataError, Episode, SourceOptions, open, open_with};
use pusht_jobs::JobContext;
use serde_json::json;

/// The episodes of a written dataset.
fn read_with(dataset: &Dataset, options: &SourceOptions) -> Result<Vec<Episode>, DataError> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("set");
    dataset.write(&path);
    let source = open_with(&path, options)?;
    source.episodes(0..source.len(), &mut JobContext::silent())
}

fn read(dataset: &Dataset) -> Result<Vec<Episode>, DataError> {
    read_with(dataset, &SourceOptions::default())
}

fn refused(dataset: &Dataset) -> String {
    read(dataset).unwrap_err().to_string()
}

/// Rows of the video that each episode shows.
fn frames(episodes: &[Episode]) -> Vec<Vec<usize>> {
    episodes.iter().map(|episode| shown(&episode.frames)).collect()
}

fn tolerance(tolerance: f64) -> SourceOptions {
    SourceOptions {
        tolerance,
        ..SourceOptions::default()
    }
}

#[test]
fn rows_show_the_frames_at_their_times() {
    // Every third frame of a video at 30 frames a second; the second episode begins at 0.4 s.
    let mut dataset = Dataset::new(&[4, 3]);
    dataset.videos[0].2 = 30;
    dataset.videos[0].3 = (0..21).map(|frame| 6 * frame).collect();
    assert_eq!(frames(&read(&dataset).unwrap()), [vec![0, 3, 6, 9], vec![12, 15, 18]]);

    // Times decide, not the order: rows that begin later, and times of other types, or none.
    for cells in [
        Cells::F64(vec![0.1, 0.2, 0.3, 0.4]),
        Cells::F32(vec![0.1, 0.2, 0.3, 0.4]),
    ] {
        let mut dataset = Dataset::new(&[4]);
        dataset.videos[0].3.push(24);
        dataset
            .table()
            .set(&format!("videos/{CAMERA}/to_timestamp"), Cells::F64(vec![0.5]));
        dataset.rows().set("timestamp", cells);
        assert_eq!(frames(&read(&dataset).unwrap()), [[1, 2, 3, 4]]);
    }
    let mut dataset = Dataset::new(&[4, 3]);
    dataset.rows().remove("timestamp");
    assert_eq!(frames(&read(&dataset).unwrap())[1], [4, 5, 6]);
    dataset.rows().remove("frame_index");
    assert_eq!(frames(&read(&dataset).unwrap())[1], [4, 5, 6]);
}

#[test]
fn a_row_without_a_frame_near_is_refused() {
    // At 25 frames a second there are frames at 0, 0.04, 0.08, 0.12 s.
    let mut dataset = Dataset::new(&[4]);
    dataset.videos[0].2 = 25;
    dataset.videos[0].3 = (0..10).map(|frame| 6 * frame).collect();
    let error = refused(&dataset);
    assert!(
        error.contains("row 1 of episode 0, 0.1000 s; the nearest one is at 0.1200 s"),
        "{error}"
    );
    assert!(error.contains("--tolerance") && error.contains("0.0001 s"), "{error}");
    let near = read_with(&dataset, &tolerance(0.021)).unwrap();
    assert_eq!(shown(&near[0].frames)[..1], [0]);
    assert!([2, 3].contains(&shown(&near[0].frames)[1]));
    // Frames missing at the end.
    let mut dataset = Dataset::new(&[4, 3]);
    dataset.videos[0].3.truncate(6);
    let error = refused(&dataset);
    assert!(
        error.contains("row 2 of episode 1, 0.6000 s; the nearest one is at 0.5000 s"),
        "{error}"
    );
    // Never those of the neighboring row.
    for wrong in [0.1, -1e-9, f64::NAN, f64::INFINITY] {
        let error = read_with(&dataset, &tolerance(wrong)).unwrap_err();
        assert!(matches!(error, DataError::Tolerance { .. }), "{error}");
    }
    assert!(read_with(&dataset, &tolerance(SourceOptions::MAX_TOLERANCE)).is_err());
}

#[test]
fn rows_that_are_not_at_ten_hertz_are_refused() {
    let mut dataset = Dataset::new(&[4]);
    dataset.rows().set("timestamp", Cells::F32(vec![0.0, 0.1, 0.3, 0.4]));
    let error = refused(&dataset);
    assert!(error.contains("column timestamp, row 2: found 0.3"), "{error}");
}

#[test]
fn an_episode_ends_where_the_next_one_begins() {
    let begin = format!("videos/{CAMERA}/from_timestamp");
    // The second episode begins a frame early: the last row of the first would show its picture.
    let mut dataset = Dataset::new(&[4, 3]);
    dataset.table().set(&begin, Cells::F64(vec![0.0, 0.3]));
    let error = refused(&dataset);
    assert!(
        error.contains("column timestamp, row 3") && error.contains("next episode"),
        "{error}"
    );
    dataset.table().set(&begin, Cells::F64(vec![0.0, 0.0]));
    let error = refused(&dataset);
    assert!(
        error.contains("episodes 0 and 1 at the same time of the same video"),
        "{error}"
    );
    // Not in one that ends earlier, either.
    let mut dataset = Dataset::new(&[4]);
    dataset
        .table()
        .set(&format!("videos/{CAMERA}/to_timestamp"), Cells::F64(vec![0.2]));
    assert!(
        refused(&dataset).contains("column timestamp, row 3"),
        "{}",
        refused(&dataset)
    );
}

#[test]
fn numbers_that_cannot_be_meant_are_named() {
    let begin = format!("videos/{CAMERA}/from_timestamp");
    let bad = |name: &str, cells: Cells| {
        let mut dataset = Dataset::new(&[4, 3]);
        dataset.table().set(name, cells);
        refused(&dataset)
    };
    for (found, cells) in [
        ("NaN", Cells::F64(vec![0.0, f64::NAN])),
        ("-0.4", Cells::F64(vec![0.0, -0.4])),
        ("inf", Cells::F64(vec![0.0, f64::INFINITY])),
        ("NaN", Cells::F32(vec![0.0, f32::NAN])),
    ] {
        let error = bad(&begin, cells);
        let expected = format!("file-000.parquet: column {begin}, row 1: found {found}");
        assert!(error.contains(&expected), "{error}");
    }
    for name in ["length", "episode_index", "data/file_index", "dataset_from_index"] {
        for cells in [
            Cells::I64(vec![0, -1]),
            Cells::I32(vec![0, -1]),
            Cells::F64(vec![0.0, -1.0]),
        ] {
            let error = bad(name, cells);
            assert!(error.contains(&format!("column {name}, row 1: found -1")), "{error}");
        }
    }
    assert!(bad("length", Cells::F64(vec![4.0, 2.5])).contains("row 1: found 2.5"));
    let error = bad("length", Cells::I64(vec![4, i64::MAX]));
    assert!(error.contains("row 1"), "{error}");
    let error = bad("length", Cells::Lists32(2, vec![4.0; 4]));
    assert!(
        error.contains("column length: expected one number in a row, found 2"),
        "{error}"
    );

    let bad = |name: &str, cells: Cells| {
        let mut dataset = Dataset::new(&[2]);
        dataset.rows().set(name, cells);
        refused(&dataset)
    };
    let error = bad("action", Cells::Lists32(2, vec![0.0, 1.0, 2.0, f32::NAN]));
    assert!(error.contains("column action, row 1: found NaN"), "{error}");
    let error = bad("action", Cells::Lists64(2, vec![0.0, 1.0, 1e300, 0.0]));
    assert!(error.contains("column action, row 1: found 1"), "{error}");
    let error = bad("action", Cells::Lists32(3, vec![0.0; 6]));
    assert!(
        error.contains("column action: expected [x, y]") && error.contains("3 numbers"),
        "{error}"
    );
    let error = bad("timestamp", Cells::F32(vec![0.0, f32::NAN]));
    assert!(error.contains("column timestamp, row 1: found NaN"), "{error}");
    let error = bad("episode_index", Cells::F32(vec![0.0, 0.5]));
    assert!(error.contains("column episode_index, row 1: found 0.5"), "{error}");
    let error = bad("index", Cells::I64(vec![0, 2]));
    assert!(error.contains("column index, row 1: found 2"), "{error}");
    let error = bad("frame_index", Cells::I64(vec![0, 5]));
    assert!(error.contains("column frame_index, row 1: found 5"), "{error}");
}

#[test]
fn numbers_of_every_type_are_read() {
    let mut dataset = Dataset::new(&[4, 3]);
    dataset.table().set("episode_index", Cells::I32(vec![0, 1]));
    dataset.table().set("length", Cells::F64(vec![4.0, 3.0]));
    dataset
        .table()
        .set(&format!("videos/{CAMERA}/from_timestamp"), Cells::F32(vec![0.0, 0.4]));
    let actions = (0..14).map(|v| f64::from(v) + 0.25).collect();
    dataset.rows().set("action", Cells::Lists64(2, actions));
    dataset
        .rows()
        .set("episode_index", Cells::F32(vec![0.0, 0.0, 0.0, 0.0, 1.0, 1.0, 1.0]));
    dataset
        .rows()
        .set("index", Cells::Lists32(1, (0..7_u8).map(f32::from).collect()));
    let read = read(&dataset).unwrap();
    assert_eq!(read[1].actions[0], [8.25, 9.25]);
    assert_eq!(frames(&read)[1], [4, 5, 6]);
}

#[test]
fn episodes_may_be_in_any_order() {
    let expected = read(&Dataset::new(&[2, 3, 4])).unwrap();
    // The table of episodes in another order, with its rows and frames where they were.
    let mut dataset = Dataset::new(&[2, 3, 4]);
    for (_, cells) in &mut dataset.table().0 {
        match cells {
            Cells::I64(v) => v.rotate_left(1),
            Cells::F64(v) => v.rotate_left(1),
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(read(&dataset).unwrap(), expected);

    // The episodes in the order 1, 0, 2 in rows and video.
    let mut dataset = Dataset::new(&[3, 2, 4]);
    dataset.table().set("episode_index", Cells::I64(vec![1, 0, 2]));
    dataset
        .rows()
        .set("episode_index", Cells::I64(vec![1, 1, 1, 0, 0, 2, 2, 2, 2]));
    let swapped = read(&dataset).unwrap();
    assert_eq!(frames(&swapped), [vec![3, 4], vec![0, 1, 2], vec![5, 6, 7, 8]]);
    assert_eq!(swapped[0].actions[0][0], 3.0);

    // Rows of one episode in another order: `index` counts.
    let mut dataset = Dataset::new(&[4]);
    dataset.rows().set("index", Cells::I64(vec![2, 3, 1, 0]));
    dataset.rows().set("frame_index", Cells::I64(vec![2, 3, 1, 0]));
    dataset.rows().set("timestamp", Cells::F32(vec![0.2, 0.3, 0.1, 0.0]));
    let read = read(&dataset).unwrap();
    let rows: Vec<f32> = read[0].actions.iter().map(|a| a[0]).collect();
    assert_eq!(
        (rows, frames(&read)),
        (vec![3.0, 2.0, 0.0, 1.0], vec![vec![0, 1, 2, 3]])
    );
}

#[test]
fn indices_that_do_not_agree_are_refused() {
    let mut dataset = Dataset::new(&[4, 3]);
    dataset.table().set("dataset_from_index", Cells::I64(vec![0, 5]));
    assert!(refused(&dataset).contains("dataset_to_index"), "{}", refused(&dataset));
    dataset.table().set("dataset_to_index", Cells::I64(vec![4, 8]));
    let error = refused(&dataset);
    assert!(error.contains("column index, row 4: found 4"), "{error}");
    let mut dataset = Dataset::new(&[4, 3]);
    dataset.table().set("episode_index", Cells::I64(vec![1, 1]));
    assert!(refused(&dataset).contains("episode 1 twice"));
    let mut dataset = Dataset::new(&[4, 3]);
    dataset
        .rows()
        .set("episode_index", Cells::I64(vec![0, 0, 0, 1, 1, 1, 1]));
    let error = refused(&dataset);
    assert!(
        error.contains("expected 4 rows of episode 0") && error.contains("found 3"),
        "{error}"
    );
    let mut dataset = Dataset::new(&[4, 3]);
    dataset.info["total_episodes"] = json!(3);
    let error = refused(&dataset);
    assert!(
        error.contains("expected 3, the total_episodes of meta/info.json, found 2"),
        "{error}"
    );
}

#[test]
fn totals_that_contradict_the_tables_are_refused() {
    let mut dataset = Dataset::new(&[4, 3]);
    dataset.info["total_frames"] = json!(999);
    let error = refused(&dataset);
    assert!(
        error.contains("expected 999, the total_frames of meta/info.json, found 7"),
        "{error}"
    );
    for (key, wrong) in [
        ("total_frames", json!(-7)),
        ("total_frames", json!(7.5)),
        ("total_episodes", json!("2")),
    ] {
        let mut dataset = Dataset::new(&[4, 3]);
        dataset.info[key] = wrong.clone();
        let error = refused(&dataset);
        assert!(
            error.contains(&format!("a whole number as {key}, found {wrong}")),
            "{error}"
        );
    }
    // Not every writer states them.
    let mut dataset = Dataset::new(&[4, 3]);
    for key in ["total_frames", "total_episodes"] {
        dataset.info[key] = json!(null);
    }
    assert_eq!(read(&dataset).unwrap().len(), 2);
    // A rate as a float is the same rate; another one, or none, is not.
    dataset.info["fps"] = json!(10.0);
    assert_eq!(read(&dataset).unwrap().len(), 2);
    for (wrong, found) in [
        (json!(30), "found 30"),
        (json!("10"), "found \"10\""),
        (json!(null), "found null"),
    ] {
        dataset.info["fps"] = wrong;
        let error = refused(&dataset);
        assert!(error.contains("10 rows per second") && error.contains(found), "{error}");
    }
}

#[test]
fn paths_are_filled_as_python_does() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("set");
    let mut dataset = Dataset::new(&[4]);
    dataset.write(&path);
    let rows = path.join("data/chunk-000/file-000.parquet");
    for (pattern, place) in [
        ("rows/{chunk_index}/{file_index:06d}", "rows/0/000000"),
        ("{file_index:02d}-{episode_chunk:1d}.rows", "00-0.rows"),
        ("{file_index:99999999999d}{", "00000000000000000000{"),
    ] {
        let place = path.join(place);
        std::fs::create_dir_all(place.parent().unwrap()).unwrap();
        std::fs::copy(&rows, &place).unwrap();
        dataset.info["data_path"] = json!(pattern);
        std::fs::write(path.join("meta/info.json"), dataset.info.to_string()).unwrap();
        assert_eq!(open(&path).unwrap().lengths(), [4], "{pattern}");
        std::fs::remove_file(&place).unwrap();
        assert!(open(&path).is_err(), "{pattern}");
    }
    // A field that version 3 does not have stays as it is, and no file is there.
    dataset.info["data_path"] = json!("{other:d}-{file_index}");
    std::fs::write(path.join("meta/info.json"), dataset.info.to_string()).unwrap();
    let error = open(&path).err().unwrap().to_string();
    assert!(error.contains("{other:d}-0"), "{error}");
}

#[test]
fn rows_that_no_episode_claims_are_refused() {
    // The table of episodes knows one of two.
    let mut dataset = Dataset::new(&[4, 3]);
    dataset.episodes = vec![episodes(&[4], CAMERA)];
    for key in ["total_frames", "total_episodes"] {
        dataset.info[key] = json!(null);
    }
    let error = refused(&dataset);
    assert!(
        error.contains("column episode_index, row 4: found 1") && error.contains("meta/episodes"),
        "{error}"
    );
}

#[test]
fn episodes_may_be_in_several_files_and_have_gaps_in_their_numbers() {
    // Two episodes of five: numbers 1 and 4, each with its own table of episodes, of rows and its own video.
    let mut dataset = Dataset::new(&[3]);
    let mut other = Dataset::new(&[2]);
    dataset.info["total_episodes"] = json!(2);
    dataset.info["total_frames"] = json!(5);
    for (part, number, first) in [(&mut dataset, 1, 10), (&mut other, 4, 40)] {
        let rows = part.videos[0].3.len();
        let count = |first: i64| Cells::I64((first..first + rows as i64).collect());
        part.rows().set("index", count(first));
        part.rows().set("episode_index", Cells::I64(vec![number; rows]));
        part.table().set("episode_index", Cells::I64(vec![number]));
        part.table().set("dataset_from_index", Cells::I64(vec![first]));
        part.table()
            .set("dataset_to_index", Cells::I64(vec![first + rows as i64]));
    }
    for name in ["data/chunk_index", "data/file_index"] {
        other.table().set(name, Cells::I64(vec![1]));
    }
    other
        .table()
        .set(&format!("videos/{CAMERA}/file_index"), Cells::I64(vec![3]));
    other.videos[0].3 = vec![120, 126];
    dataset.episodes.append(&mut other.episodes);
    dataset.data.push(([1, 1], other.data.remove(0).1));
    let (camera, _, fps, shades) = other.videos.remove(0);
    dataset.videos.push((camera, [0, 3], fps, shades));
    assert_eq!(frames(&read(&dataset).unwrap()), [vec![0, 1, 2], vec![20, 21]]);
    // A missing frame is told with the episode's number.
    dataset.videos[1].3.pop();
    assert!(
        refused(&dataset).contains("row 1 of episode 4"),
        "{}",
        refused(&dataset)
    );
}

#[test]
fn one_of_several_cameras_is_chosen() {
    let mut dataset = Dataset::new(&[4]);
    let feature = dataset.info["features"][CAMERA].take();
    dataset.info["features"] = json!({
        "observation.images.side": feature, "observation.images.top": {"dtype": "video"}, "action": {"dtype": "float32"},
    });
    let top = episodes(&[4], "observation.images.top");
    dataset.episodes = vec![episodes(&[4], "observation.images.side")];
    dataset
        .table()
        .0
        .extend(top.0.into_iter().filter(|(name, _)| name.starts_with("videos/")));
    dataset.videos[0].0 = "observation.images.side".to_owned();
    dataset
        .videos
        .push(("observation.images.top".to_owned(), [0, 0], 10, vec![60, 66, 72, 78]));
    let with = |camera: Option<&str>| {
        let options = SourceOptions {
            camera: camera.map(str::to_owned),
            ..SourceOptions::default()
        };
        read_with(&dataset, &options)
    };
    for camera in ["top", "observation.images.top"] {
        assert_eq!(frames(&with(Some(camera)).unwrap()), [[10, 11, 12, 13]]);
    }
    assert_eq!(frames(&with(Some("side")).unwrap()), [[0, 1, 2, 3]]);
    let error = with(None).unwrap_err().to_string();
    assert!(
        error.contains("several cameras; expected side or top (--camera NAME)"),
        "{error}"
    );
    let error = with(Some("front")).unwrap_err().to_string();
    assert!(error.contains("no camera \"front\"; expected side or top"), "{error}");
    // With one camera none must be named, but it may be.
    let dataset = Dataset::new(&[4]);
    let mut options = SourceOptions {
        camera: Some(CAMERA.to_owned()),
        ..SourceOptions::default()
    };
    assert!(read_with(&dataset, &options).is_ok());
    options.camera = Some("top".to_owned());
    assert!(read_with(&dataset, &options).is_err());
}

#[test]
fn hidden_files_are_passed_over() {
    let folder = tempfile::tempdir().unwrap();
    Dataset::new(&[4]).write(folder.path());
    for file in [
        "meta/episodes/chunk-000/._file-000.parquet",
        "meta/episodes/.DS_Store",
        "meta/episodes/._chunk-000",
        "data/chunk-000/._file-000.parquet",
    ] {
        std::fs::write(folder.path().join(file), "\0\x05\x16\x07").unwrap();
    }
    assert_eq!(open(folder.path()).unwrap().lengths(), [4]);
}

#[test]
fn pointers_of_git_lfs_are_named() {
    const POINTER: &str = "version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 12345\n";
    for file in [
        "meta/info.json",
        "meta/episodes/chunk-000/file-000.parquet",
        "data/chunk-000/file-000.parquet",
        "videos/observation.image/chunk-000/file-000.mp4",
    ] {
        let folder = tempfile::tempdir().unwrap();
        Dataset::new(&[4]).write(folder.path());
        std::fs::write(folder.path().join(file), POINTER).unwrap();
        let error = open(folder.path())
            .and_then(|set| set.episode(0))
            .err()
            .unwrap()
            .to_string();
        assert!(error.contains(file) && error.contains("git lfs pull"), "{error}");
    }
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("demos.jsonl");
    std::fs::write(&file, POINTER).unwrap();
    assert!(open(&file).err().unwrap().to_string().contains("git lfs pull"));
}

#[test]
fn episodes_are_read_in_any_order_of_calls() {
    let folder = tempfile::tempdir().unwrap();
    Dataset::new(&[3, 2, 4]).write(folder.path());
    let set = open(folder.path()).unwrap();
    for episode in [2, 0, 0, 1, 2, 1] {
        let first = [0, 3, 5][episode];
        let frames = shown(&set.episode(episode).unwrap().frames);
        assert_eq!(frames, (first..first + [3, 2, 4][episode]).collect::<Vec<_>>());
    }
}

#[test]
fn tables_that_state_more_than_they_hold_are_refused_at_once() {
    // Three million values in a few bytes: one value, repeated.
    let folder = tempfile::tempdir().unwrap();
    let mut dataset = Dataset::new(&[4]);
    dataset.data[0].1 = Table::default();
    dataset.write(folder.path());
    let rows = 3_000_000;
    let mut table = Table::default();
    table.set("action", Cells::F32(vec![1.0; rows]));
    let file: std::path::PathBuf = folder.path().join("data/chunk-000/file-000.parquet");
    table.write(&file);
    assert!(std::fs::metadata(&file).unwrap().len() < 200_000, "the table is small");
    let error = open(folder.path()).err().unwrap().to_string();
    assert!(error.contains("more values than"), "{error}");
}

#[test]
fn options_of_lerobot_are_refused_for_other_datasets() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/replay_buffer.zarr");
    assert!(open(&path).is_ok());
    let error = open_with(&path, &tolerance(0.01)).err().unwrap().to_string();
    assert!(error.contains("--tolerance"), "{error}");
}

#[test]
fn states_are_read_from_the_counts_that_are_documented() {
    const STATE: &str = "observation.state";
    const BLOCK: &str = "block_pose";
    let with = |columns: &[(&str, usize)]| {
        let mut dataset = Dataset::new(&[2]);
        for &(name, width) in columns {
            let cells = Cells::Lists32(width, (0..2 * width).map(|i| i as f32).collect());
            dataset.rows().set(name, cells);
        }
        dataset
    };
    let rows = |columns: &[(&str, usize)]| {
        let states = read(&with(columns)).unwrap().remove(0).states?;
        Some(states.iter().map(|state| state.to_row()).collect::<Vec<_>>())
    };
    assert_eq!(
        rows(&[(STATE, 2), (BLOCK, 3)]),
        Some(vec![[0.0, 1.0, 0.0, 1.0, 2.0], [2.0, 3.0, 3.0, 4.0, 5.0]])
    );
    // gym-pusht's state in one column.
    let whole = vec![[0.0, 1.0, 2.0, 3.0, 4.0], [5.0, 6.0, 7.0, 8.0, 9.0]];
    assert_eq!(rows(&[(STATE, 5)]), Some(whole));
    // The agent alone, or the T alone.
    assert_eq!(rows(&[(STATE, 2)]), None);
    assert_eq!(rows(&[(BLOCK, 3)]), None);
    for width in [1, 3, 4, 6, 7] {
        let error = refused(&with(&[(STATE, width)]));
        assert!(
            error.contains("column observation.state: expected [agent x, agent y], or [agent x, agent y, T x")
                && error.contains(&format!("found {width} numbers in a row")),
            "{error}"
        );
    }
    let error = refused(&with(&[(STATE, 2), (BLOCK, 4)]));
    assert!(
        error.contains("column block_pose: expected [x, y, angle]") && error.contains("found 4 numbers"),
        "{error}"
    );
}
