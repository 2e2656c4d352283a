//! `pusht demos`.

mod common;

use common::{ends_with, json, record, succeeds};

#[test]
fn demonstrations_are_recorded_once_and_converted() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    record(folder);
    let arguments = [
        "demos",
        "record",
        "--episodes",
        "3",
        "--steps",
        "20",
        "--out",
        "set.jsonl",
    ];
    let again = json(folder, &arguments);
    assert_eq!(
        (again["already_there"].as_bool(), again["summary"]["episodes"].as_u64()),
        (Some(true), Some(3))
    );

    let more = [
        "demos",
        "record",
        "--episodes",
        "5",
        "--steps",
        "20",
        "--out",
        "set.jsonl",
    ];
    let text = ends_with(1, folder, &more);
    assert!(text.contains("a set of 3 episodes, where 5 are wanted"), "{text}");

    let text = succeeds(folder, &["demos", "convert", "--from", "set.jsonl", "--to", "set.zarr"]);
    assert!(text.starts_with("3 episodes, 60 frames in set.zarr"), "{text}");
    let arguments = [
        "demos",
        "convert",
        "--from",
        "set.jsonl",
        "--to",
        "pictures",
        "--as",
        "png",
        "--episodes",
        "1",
    ];
    succeeds(folder, &arguments);
    assert!(folder.join("pictures/episode_0000").is_dir());
    // A recorded set is compared with what is simulated.
    let arguments = ["demos", "convert", "--from", "set.zarr", "--to", "again.jsonl"];
    assert_eq!(json(folder, &arguments)["compared"]["pixels"], 0);
}

#[test]
fn what_cannot_apply_is_refused_by_name() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    record(folder);
    let convert = ["demos", "convert", "--from", "set.jsonl", "--to"];
    let refused = |to: &str, more: &[&str]| ends_with(1, folder, &[&convert[..], &[to], more].concat());
    assert!(refused("set.jsonl", &[]).contains("exists already"));
    assert!(refused("set", &[]).contains("say --as"));
    assert!(refused("set.zarr", &["--scale", "2"]).contains("--scale is for videos"));
    assert!(refused("set.zarr", &["--recorded-in", "gym-pusht"]).contains("--recorded-in"));
    assert!(refused("set.zarr", &["--camera", "top"]).contains("--camera"));
    assert!(refused("set.zarr", &["--tolerance", "0.01"]).contains("--tolerance"));
    let error = ends_with(1, folder, &["experiment", "--preset", "smoke", "--camera", "top"]);
    assert!(error.contains("--camera is for the dataset of --data"), "{error}");
    assert!(!folder.join("set.zarr").exists());
}

#[test]
fn what_the_simulator_does_not_reproduce_is_told_with_what_was_compared() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    record(folder);
    for layout in ["lerobot", "replay-buffer"] {
        let to = [
            "demos",
            "convert",
            "--from",
            "set.jsonl",
            "--to",
            layout,
            "--as",
            layout,
        ];
        succeeds(folder, &to);
    }
    let back = |from: &str, more: &[&str]| {
        let arguments = ["demos", "convert", "--from", from, "--to", "again.jsonl"];
        ends_with(1, folder, &[&arguments[..], more].concat())
    };
    // Video is lossy; states and actions are those of the simulator.
    let error = back("lerobot", &[]);
    assert!(
        error.contains("compressed with loss") && error.contains("pixels"),
        "{error}"
    );
    let error = back("replay-buffer", &["--recorded-in", "gym-pusht"]);
    assert!(error.contains("seed 0 in the environment gym-pusht"), "{error}");
    assert!(error.contains("--recorded-in diffusion-policy"), "{error}");
    let wrong = [
        "demos", "convert", "--from", "lerobot", "--to", "b", "--as", "png", "--camera", "top",
    ];
    let error = ends_with(1, folder, &wrong);
    assert!(error.contains("no camera \"top\"; expected image (--camera"), "{error}");
}
