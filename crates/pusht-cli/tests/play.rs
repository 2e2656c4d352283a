//! `pusht demos play`, and what becomes of its sets.

#![allow(clippy::unwrap_used, reason = "a test")]

mod common;

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

use common::{ends_with, record, succeeds};
use pusht_data::{Interventions, SeededTrajectory, SimulatedSet, Simulation, Start, open};

#[test]
fn the_page_is_served_for_people_and_policies() {
    let folder = tempfile::tempdir().unwrap();
    for policy in [&[][..], &["--policy", "expert"]] {
        let mut server = Command::new(env!("CARGO_BIN_EXE_pusht"))
            .args(["demos", "play", "--out", "played", "--port", "0"])
            .args(policy)
            .current_dir(folder.path())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(server.stdout.take().unwrap())
            .lines()
            .map(Result::unwrap);
        let (url, count) = (lines.next().unwrap(), lines.next().unwrap());
        // A second program cannot record into the folder.
        let busy = ends_with(1, folder.path(), &["demos", "play", "--out", "played", "--port", "0"]);
        server.kill().unwrap();
        server.wait().unwrap();
        assert!(url.starts_with("play at http://127.0.0.1:"), "{url}");
        assert!(
            count.starts_with("0 episodes in played/demonstrations.jsonl"),
            "{count}"
        );
        assert!(busy.contains("another `pusht demos play`"), "{busy}");
    }
}

#[test]
fn what_cannot_be_played_is_refused_by_name() {
    let folder = tempfile::tempdir().unwrap();
    record(folder.path());
    std::fs::create_dir(folder.path().join("photos")).unwrap();
    std::fs::write(folder.path().join("photos/a.jpg"), "x").unwrap();
    for (arguments, said, status) in [
        (&["--out", "photos"][..], "a.jpg", 1),
        (&["--out", "set.jsonl"], "set.jsonl", 1),
        (&["--out", "new", "--steps", "0"], "expected 1 to 36000", 1),
        (&["--out", "new", "--seed", "4294967296"], "4294967296", 1),
        (&["--out", "new", "--policy", "exprt"], "did you mean expert?", 1),
        (&["--out", "new", "--policy", ""], "expected still", 1),
        (&["--out", "new", "--policy", "expert", "--sees", "state"], "--sees", 1),
        (&["--out", "new", "--sees", "state"], "--policy", 2),
        (&["--out", "new", "--token", "short"], "5 characters", 1),
    ] {
        let error = ends_with(
            status,
            folder.path(),
            &[&["demos", "play", "--port", "0"], arguments].concat(),
        );
        assert!(error.contains(said), "{error}");
    }
}

#[test]
fn the_stretches_of_a_person_become_a_dataset() {
    let folder = tempfile::tempdir().unwrap();
    let trajectory = |seed, flags: &[u8]| SeededTrajectory {
        interventions: Some(Interventions {
            policy: "expert".to_owned(),
            policy_sha256: None,
            is_intervention: flags.iter().map(|flag| *flag == 1).collect(),
        }),
        ..SeededTrajectory::new(Start::Seed(seed), vec![[200.0, 300.0 + seed as f32]; flags.len()])
    };
    let all = vec![
        trajectory(0, &[0, 1, 1, 0, 1]),
        trajectory(1, &[0, 0]),
        trajectory(2, &[1; 3]),
    ];
    let set = SimulatedSet::new("person", "recorded", Simulation::DIFFUSION_POLICY, all).unwrap();
    set.save(folder.path().join("played.jsonl")).unwrap();
    let convert =
        |more: &[&'static str]| [&["demos", "convert", "--from", "played.jsonl", "--interventions"], more].concat();
    let text = succeeds(folder.path(), &convert(&["--to", "corrections.zarr"]));
    assert!(text.contains("3 segments of a person, 6 frames"), "{text}");
    let written = open(folder.path().join("corrections.zarr")).unwrap();
    assert_eq!(written.lengths(), [2, 1, 3]);
    assert_eq!(written.actions(2).unwrap(), [[200.0, 302.0]; 3]);
    succeeds(folder.path(), &convert(&["--to", "set", "--as", "lerobot"]));
    assert_eq!(open(folder.path().join("set")).unwrap().lengths(), [2, 1, 3]);

    for (arguments, said, status) in [
        (&["--to", "again.jsonl"][..], "in the middle of a motion", 1),
        (&["--to", "films", "--as", "mp4"], "replay-buffer or lerobot", 1),
        (&["--to", "corrections.zarr"], "exists already", 1),
        (&["--to", "new.zarr", "--episodes", "1"], "--episodes", 2),
    ] {
        let error = ends_with(status, folder.path(), &convert(arguments));
        assert!(error.contains(said), "{error}");
    }
    let arguments = [
        "demos",
        "convert",
        "--from",
        "corrections.zarr",
        "--interventions",
        "--to",
        "new.zarr",
    ];
    let error = ends_with(1, folder.path(), &arguments);
    assert!(error.contains("does not say who acted"), "{error}");
    let nobody = SimulatedSet::new(
        "person",
        "recorded",
        Simulation::DIFFUSION_POLICY,
        vec![trajectory(1, &[0, 0])],
    );
    nobody.unwrap().save(folder.path().join("played.jsonl")).unwrap();
    let error = ends_with(1, folder.path(), &convert(&["--to", "new.zarr"]));
    assert!(error.contains("nobody took over"), "{error}");
}
