//! `pusht train` and `pusht rollout`, on demonstrations of a second.

#![allow(clippy::unwrap_used)]

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use eval::{RolloutPart, RolloutRecord};
use pusht_data::{Demonstrations, Simulation, demonstrate};
use pusht_env::ExpertConfig;
use pusht_jobs::JobContext;
use tempfile::TempDir;

fn pusht(folder: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_pusht"));
    command.current_dir(folder).args(arguments).output().unwrap()
}

/// What a command prints that does its work.
fn done(folder: &Path, arguments: &[&str]) -> String {
    let output = pusht(folder, arguments);
    let error = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{arguments:?}: {error}");
    String::from_utf8(output.stdout).unwrap()
}

/// The error of one that is refused.
fn refused(folder: &Path, arguments: &[&str]) -> String {
    let output = pusht(folder, arguments);
    assert_eq!(output.status.code(), Some(1), "{arguments:?}");
    String::from_utf8(output.stderr).unwrap()
}

/// A folder with `demos.jsonl`.
fn demonstrations() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let what = Demonstrations {
        episodes: 4,
        first_seed: 0,
        max_steps: 40,
        simulation: Simulation::GYM_PUSHT,
        expert: ExpertConfig::default(),
        threads: 0,
    };
    demonstrate(folder.path().join("demos.jsonl"), &what, &mut JobContext::silent()).unwrap();
    folder
}

#[test]
fn a_policy_is_trained_by_file_and_keys_and_rolled_out_in_parts() {
    let folder = demonstrations();
    let folder = folder.path();
    std::fs::write(
        folder.join("small.toml"),
        "kind = \"tracked\"\n[tracked]\nwidth = 16\nlayers = 1\n[train]\nepochs = 3\n",
    )
    .unwrap();
    let train = [
        "train",
        "policy",
        "--data",
        "demos.jsonl",
        "--out",
        "run",
        "--config",
        "small.toml",
        "--set",
        "tracked.layers=2",
        "--epochs",
        "1",
        "--steps-per-epoch",
        "2",
        "--batch-size",
        "8",
        "--seed",
        "7",
        "--json",
        "result.json",
    ];
    let text = done(folder, &train);
    assert!(
        text.contains("test MSE") && text.contains("next: pusht rollout --policy run"),
        "{text}"
    );
    let read = |path: &str| -> serde_json::Value {
        serde_json::from_slice(&std::fs::read(folder.join(path)).unwrap()).unwrap()
    };
    let result = read("result.json");
    let settings = &result["settings"];
    assert_eq!(settings["tracked"]["width"], 16);
    assert_eq!(settings["tracked"]["layers"], 2);
    assert_eq!(
        (&settings["train"]["epochs"], &settings["train"]["warmup_steps"]),
        (&1.into(), &1.into())
    );
    assert_eq!(result["policy"], "tracked");
    // Another seed of the training is no other split.
    assert_eq!((&result["seed"], &result["split_seed"]), (&7.into(), &0.into()));
    assert_eq!(read("run/result.json"), result);

    let rollout = [
        "rollout",
        "--policy",
        "run",
        "--episodes",
        "3",
        "--steps",
        "4",
        "--sees",
        "state",
        "--json",
    ];
    let with = |last: &[&str]| done(folder, &[rollout.as_slice(), last].concat());
    assert!(with(&["whole.json"]).starts_with("tracked: "));
    assert!(with(&["-", "--quiet"]).starts_with("{\"schema\":"));
    let parts: Vec<PathBuf> = ["1/2", "2/2"]
        .into_iter()
        .map(|shard| {
            let name = format!("part-{}.json", &shard[..1]);
            assert!(with(&[&name, "--shard", shard]).contains(&format!("part {shard} of 3 episodes of tracked")));
            folder.join(name)
        })
        .collect();
    RolloutPart::merge(&parts)
        .unwrap()
        .write(&folder.join("joined.json"))
        .unwrap();
    let bytes = |name: &str| std::fs::read(folder.join(name)).unwrap();
    assert_eq!(bytes("joined.json"), bytes("whole.json"));
    assert_eq!(
        RolloutRecord::read(&folder.join("whole.json")).unwrap().episodes.len(),
        3
    );
}

#[test]
fn options_that_a_policy_does_not_read_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let train = |options: &[&str]| {
        let command = ["train", "policy", "--data", "none", "--out", "run"];
        refused(folder.path(), &[command.as_slice(), options].concat())
    };
    let text = train(&["--augment"]);
    assert!(
        text.contains("--augment: the policy tracked does not read augmentation; that is a setting of cnn, resnet18"),
        "{text}"
    );
    let text = train(&["--policy", "cnn", "--set", "tracked.width=3"]);
    assert!(
        text.contains("--set tracked.width=3: the policy cnn does not read tracked.width"),
        "{text}"
    );
    let text = train(&["--policy", "diffusion", "--paper"]);
    assert!(text.contains("the paper has no policy diffusion"), "{text}");
    let text = train(&["--policy", "cnn", "--recorded-states"]);
    assert!(text.contains("--recorded-states"), "{text}");
    let text = train(&["--policy", "cnn", "--init", "imagenet"]);
    assert!(text.contains("only resnet18"), "{text}");
    let text = train(&["--set", "tracked.widht=3"]);
    assert!(
        text.contains("--set tracked.widht=3") && text.contains("unknown field"),
        "{text}"
    );
    std::fs::write(folder.path().join("cnn.toml"), "kind = \"cnn\"\n").unwrap();
    let text = train(&["--config", "cnn.toml", "--policy", "tracked"]);
    assert!(
        text.contains("--policy tracked: cnn.toml has the settings of cnn"),
        "{text}"
    );

    let rollout = |options: &[&str]| refused(folder.path(), &[&["rollout"], options].concat());
    let text = rollout(&["--policy", "still", "--sees", "frames"]);
    assert!(text.contains("--sees: the policy still does not take it"), "{text}");
    let text = rollout(&["--policy", "expert", "--seed", "3"]);
    assert!(text.contains("only the policy random"), "{text}");
    let text = rollout(&["--policy", "still", "--shard", "1/2"]);
    assert!(text.contains("--shard needs --json"), "{text}");
    assert_eq!(
        pusht(folder.path(), &["rollout", "--policy", "still", "--film", "1"])
            .status
            .code(),
        Some(2)
    );
    let text = rollout(&["--policy", "none.safetensors"]);
    assert!(text.contains("no such file"), "{text}");
}

#[test]
fn a_policy_on_pictures_does_not_choose_what_it_sees() {
    let folder = demonstrations();
    let train = [
        "train",
        "policy",
        "--data",
        "demos.jsonl",
        "--out",
        "run",
        "--policy",
        "cnn",
        "--epochs",
        "1",
        "--steps-per-epoch",
        "1",
        "--batch-size",
        "4",
        "--chunk",
        "2",
        "--quiet",
    ];
    assert_eq!(done(folder.path(), &train), "");
    let text = refused(folder.path(), &["rollout", "--policy", "run", "--sees", "state"]);
    assert!(
        text.contains("--sees state: the policy cnn observes images and cannot be given anything else"),
        "{text}"
    );
}

#[test]
fn inverse_dynamics_and_a_video_model_are_trained() {
    let folder = demonstrations();
    let folder = folder.path();
    let idm = [
        "train",
        "video",
        "--data",
        "demos.jsonl",
        "--out",
        "video",
        "--steps",
        "2",
        "--frames",
        "12",
        "--samples",
        "1",
    ];
    let text = done(folder, &idm);
    assert!(text.starts_with("2 training, 1 validation, 1 test episodes"), "{text}");
    assert!(text.contains("wrote video/object-latent.safetensors"), "{text}");
    assert!(folder.join("video/sample-0.mp4").exists() && folder.join("video/sample-0.png").exists());
    let text = refused(
        folder,
        &[
            "train", "video", "--data", "none", "--out", "x", "--model", "pixel", "--frames", "9",
        ],
    );
    assert!(text.contains("--frames is for --model object"), "{text}");
    let text = refused(
        folder,
        &["train", "idm", "--data", "demos.jsonl", "--out", "idm", "--epochs", "0"],
    );
    assert!(text.contains("epochs is 0"), "{text}");
}

#[test]
fn the_base_paths_are_trained_on_the_expert() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let train = ["train", "video", "--model", "pixel-paths", "--out", "paths"];
    let short = ["--episodes", "2", "--steps", "2"];
    let text = done(folder, &[&train[..], &short].concat());
    assert!(
        text.starts_with("wrote paths/paths.safetensors: 2 episodes of the expert, "),
        "{text}"
    );
    let size = std::fs::metadata(folder.join("paths/paths.safetensors")).unwrap().len();
    assert!((400_000..600_000).contains(&size), "{size}");
    let text = refused(folder, &[&train[..], &["--data", "demos.jsonl"]].concat());
    assert!(
        text.contains("--data: pixel-paths is trained on the expert in the simulator"),
        "{text}"
    );
}
