//! `pusht rollout`, and what its errors suggest.

mod common;

use common::{ends_with, json, pusht, succeeds};

#[test]
fn a_short_rollout_says_what_is_not_the_protocols() {
    let folder = tempfile::tempdir().expect("a folder");
    let short = ["rollout", "--policy", "still", "--episodes", "2", "--steps", "3"];
    let output = pusht(folder.path(), &short);
    let [text, progress] = [&output.stdout, &output.stderr].map(|bytes| String::from_utf8_lossy(bytes).into_owned());
    let changed =
        "still: protocol paper (changed: 2 instead of 100 episodes, 3 instead of 200 steps), 2 episodes, at most 3";
    assert!(text.starts_with(changed), "{text}");
    assert!(
        progress.contains("roll out still: 0/6 steps") && progress.contains("roll out still: 2 episodes, 6 steps ("),
        "{progress}"
    );
    let record = json(folder.path(), &short);
    assert_eq!(record["scores"][0]["as_prescribed"], false);
    assert_eq!(record["scores"][0]["first_start_seed"], 100_000);
}

#[test]
fn a_mistyped_policy_gets_a_suggestion() {
    let folder = tempfile::tempdir().expect("a folder");
    let error = ends_with(1, folder.path(), &["rollout", "--policy", "exprt"]);
    assert!(
        error.contains("did you mean expert?") && error.contains("a folder with a LeRobot diffusion policy"),
        "{error}"
    );
    let error = ends_with(1, folder.path(), &["rollout", "--policy", "runs/x.safetensors"]);
    assert!(!error.contains("did you mean"), "{error}");
}

#[test]
fn the_help_names_the_commands_that_continue() {
    let folder = tempfile::tempdir().expect("a folder");
    let help = succeeds(folder.path(), &["--help"]);
    assert!(
        !help.contains("Long commands resume") && help.contains("`demos record`"),
        "{help}"
    );
}

#[test]
fn a_missing_file_of_settings_is_named_as_such() {
    let folder = tempfile::tempdir().expect("a folder");
    let error = ends_with(1, folder.path(), &["experiment", "--config", "nope.toml"]);
    assert!(
        error.contains("--config nope.toml") && error.contains("expected a TOML file") && !error.contains("free space"),
        "{error}"
    );
    assert!(!folder.path().join("runs").exists());
}

fn short_rollout<'a>(episodes: &'a str, steps: &'a str, world: &'a str) -> [&'a str; 9] {
    [
        "rollout",
        "--policy",
        "random",
        "--episodes",
        episodes,
        "--steps",
        steps,
        "--in",
        world,
    ]
}

#[test]
fn a_rollout_in_a_world_stands_beside_the_simulator() {
    let folder = tempfile::tempdir().expect("a folder");
    let short = short_rollout("2", "4", "simulator");
    let text = succeeds(
        folder.path(),
        &[&short[..], &["--out", "played", "--save-video", "x.mp4"]].concat(),
    );
    assert!(
        text.contains("random in the exact simulator: protocol paper (changed"),
        "{text}"
    );
    assert!(
        text.contains("| episodes that part (T more than 5 px of 96 off the simulator's) | 0 of 2 |"),
        "{text}"
    );
    for name in [
        "rollout.json",
        "rollout.md",
        "strip.png",
        "films/episode-001.mp4",
        "../x.mp4",
    ] {
        assert!(folder.path().join("played").join(name).is_file(), "{name}");
    }
    let record = json(folder.path(), &short);
    assert_eq!(
        record["episodes"][1]["simulator"]["rewards"].as_array().map(Vec::len),
        Some(4)
    );
    assert_eq!(record["scores"]["parted"], 0);
}

#[test]
fn a_policy_acts_in_the_pixel_world_that_comes_with_the_program() {
    let folder = tempfile::tempdir().expect("a folder");
    let short = short_rollout("1", "3", "pixel");
    let record = json(folder.path(), &short);
    assert_eq!(record["world"], "pixel world model");
    assert_eq!(record["world_sha256"].as_str().map(str::len), Some(64));
    assert_eq!(
        record["episodes"][0]["world"]["rewards"].as_array().map(Vec::len),
        Some(3)
    );
}

#[test]
fn options_that_make_no_sense_in_a_world_are_named() {
    let folder = tempfile::tempdir().expect("a folder");
    let refused = |status, more: &[&str]| {
        let arguments = [
            &["rollout", "--policy", "still", "--steps", "2", "--episodes", "1"],
            more,
        ]
        .concat();
        ends_with(status, folder.path(), &arguments)
    };
    let error = refused(1, &["--in", "simulator", "--shard", "1/2", "--json", "a.json"]);
    assert!(
        error.contains("--shard: rollouts in a world model (--in) are not divided"),
        "{error}"
    );
    let error = refused(1, &["--in", "simulator", "--device", "cpu"]);
    assert!(error.contains("--device: the policy still does not take it"), "{error}");
    assert!(refused(2, &["--out", "x"]).contains("--in"));
    let error = refused(2, &["--in", "object:x"]);
    assert!(
        error.contains("object is no world model") && error.contains("expected simulator, pixel (the base"),
        "{error}"
    );
    let error = refused(1, &["--in", "simulatr"]);
    assert!(
        error.contains("--in simulatr: no such file or folder, did you mean simulator?"),
        "{error}"
    );
    std::fs::write(folder.path().join("other.safetensors"), "x").expect("a file");
    let error = refused(1, &["--in", "other.safetensors"]);
    assert!(error.contains("other.safetensors"), "{error}");
}

#[cfg(unix)]
#[test]
fn a_device_in_place_of_a_file_is_refused_by_name() {
    let folder = tempfile::tempdir().unwrap();
    for arguments in [
        ["rollout", "--policy", "/dev/null", "--episodes", "1"].as_slice(),
        &["audit", "--video", "/dev/null", "--out", "seen"],
        &["train", "policy", "--data", "/dev/null", "--out", "trained"],
    ] {
        let output = pusht(folder.path(), arguments);
        let said = String::from_utf8_lossy(&output.stderr).into_owned() + &String::from_utf8_lossy(&output.stdout);
        assert!(
            !output.status.success() && said.contains("a device"),
            "{arguments:?}: {said}"
        );
    }
}
