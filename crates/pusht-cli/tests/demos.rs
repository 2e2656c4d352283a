//! `pusht demos`.

mod common;

use common::{change, ends_with, json, pusht, record, shift_ends, succeeds};

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

#[test]
fn a_conversion_warns_of_what_cannot_be_meant() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    record(folder);
    change(folder, "shifted.zarr", shift_ends);
    change(folder, "bgr.zarr", |episodes| {
        let frames = episodes.iter_mut().flat_map(|of| &mut of.frames);
        let pixels = frames.flat_map(|frame| frame.pixels_mut());
        pixels.for_each(|pixel| pixel.0.swap(0, 2));
    });
    let convert = |from: &str, to: &str| {
        let arguments = ["demos", "convert", "--from", from, "--to", to, "--as", "png"];
        let output = pusht(folder, &arguments);
        let told = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success() && folder.join(to).is_dir(), "{told}");
        told
    };
    let told = convert("shifted.zarr", "a");
    assert!(
        told.contains("warning: shifted.zarr: in episode 1 no action leads from row 0 to row 1 (the agent is "),
        "{told}"
    );
    let told = convert("bgr.zarr", "b");
    assert!(
        told.contains(
            "warning: bgr.zarr: agent and T are not found in 9 of 9 frames looked at; with red and blue exchanged"
        ),
        "{told}"
    );
    let told = convert("set.jsonl", "c");
    assert!(!told.contains("warning"), "{told}");
}
