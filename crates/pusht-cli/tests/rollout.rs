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
