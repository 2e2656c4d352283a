//! What the tests of commands share.
#![allow(dead_code, reason = "every test file compiles this for itself")]

use std::path::Path;
use std::process::{Command, Output};

use pusht_data::{Episode, open, write_replay_buffer};
use pusht_jobs::JobContext;

/// Runs `pusht` in a folder.
pub fn pusht(folder: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_pusht"))
        .args(arguments)
        .current_dir(folder)
        .output()
        .expect("pusht starts")
}

/// Runs `pusht`, which must succeed; its standard output.
pub fn succeeds(folder: &Path, arguments: &[&str]) -> String {
    let output = pusht(folder, arguments);
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{arguments:?}: {error}");
    String::from_utf8(output.stdout).expect("text")
}

/// Runs `pusht`, which must end with this status; its standard error.
pub fn ends_with(status: i32, folder: &Path, arguments: &[&str]) -> String {
    let output = pusht(folder, arguments);
    let error = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(status), "{arguments:?}: {error}");
    error
}

/// Records a small dataset, `set.jsonl`: three episodes of 20 steps.
pub fn record(folder: &Path) {
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
    succeeds(folder, &arguments);
}

/// The result of a command as JSON.
pub fn json(folder: &Path, arguments: &[&str]) -> serde_json::Value {
    let text = succeeds(folder, &[arguments, &["--json", "-"]].concat());
    serde_json::from_str(&text).expect("JSON")
}

/// Writes the dataset of [`record`] as a replay buffer, changed.
pub fn change(folder: &Path, name: &str, change: impl FnOnce(&mut [Episode])) {
    let mut ctx = JobContext::silent();
    let source = open(folder.join("set.jsonl")).expect("a dataset");
    let mut episodes = source.episodes(0..source.len(), &mut ctx).expect("episodes");
    change(&mut episodes);
    let lengths: Vec<usize> = episodes.iter().map(Episode::len).collect();
    write_replay_buffer(folder.join(name), &lengths, episodes.into_iter().map(Ok), &mut ctx).expect("it is written");
}

/// Ends every episode but the last a row too early.
pub fn shift_ends(episodes: &mut [Episode]) {
    for at in 1..episodes.len() {
        let before = &mut episodes[at - 1];
        let frame = before.frames.pop().expect("a frame");
        let action = before.actions.pop().expect("an action");
        let state = before.states.as_mut().and_then(Vec::pop).expect("a state");
        let after = &mut episodes[at];
        after.frames.insert(0, frame);
        after.actions.insert(0, action);
        after.states.as_mut().expect("states").insert(0, state);
    }
}
