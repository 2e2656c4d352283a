//! `pusht audit`, `pusht audit distribution` and `pusht score replay`.

#![allow(clippy::unwrap_used, reason = "a test")]

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use corruptions::Clip;
use pusht_data::{Demonstrations, Simulation, demonstrate};
use pusht_env::ExpertConfig;
use pusht_jobs::JobContext;
use serde_json::Value;
use video_io::{VideoOptions, save_video};

fn pusht(folder: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_pusht"));
    command.current_dir(folder).args(arguments).output().unwrap()
}

fn done(output: &Output) -> String {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    assert!(output.status.success(), "{}", text(&output.stderr));
    text(&output.stdout)
}

fn demos(folder: &Path, episodes: usize) {
    let what = Demonstrations {
        episodes,
        first_seed: 0,
        max_steps: 70,
        simulation: Simulation::GYM_PUSHT,
        expert: ExpertConfig::default(),
        threads: 0,
    };
    demonstrate(folder.join("demos.jsonl"), &what, &mut JobContext::silent()).unwrap();
}

fn clips(folder: &Path, count: u64) {
    for seed in 0..count {
        let clip = Clip::simulated(310 + 2 * seed, 96).unwrap();
        let path = folder.join(format!("in/{seed}.gif"));
        save_video(path, &clip.frames[..40], VideoOptions::default()).unwrap();
    }
    fs::create_dir_all(folder.join("in")).unwrap();
    fs::write(folder.join("in/broken.mp4"), "no video").unwrap();
}

fn json(path: &Path) -> Value {
    serde_json::from_slice(&fs::read(path).unwrap()).unwrap()
}

#[test]
fn a_folder_becomes_a_report() {
    let folder = tempfile::tempdir().unwrap();
    clips(folder.path(), 1);
    let text = done(&pusht(folder.path(), &["audit", "--video", "in", "--out", "out"]));
    assert!(
        text.contains("not read: broken.mp4") && text.contains("out/report.html"),
        "{text}"
    );
    let score = json(&folder.path().join("out/score.json"));
    assert_eq!(
        (&score["totals"]["clips"], &score["totals"]["failed"]),
        (&2.into(), &1.into())
    );
    assert!(folder.path().join("out/scores.json").exists());
    let page = fs::read_to_string(folder.path().join("out/report.html")).unwrap();
    assert!(page.contains("0.gif"));
}

#[test]
fn videos_none_of_which_can_be_read_make_the_command_fail() {
    let folder = tempfile::tempdir().unwrap();
    clips(folder.path(), 0);
    let output = pusht(folder.path(), &["audit", "--video", "in", "--out", "out"]);
    assert_eq!(output.status.code(), Some(3));
    assert!(folder.path().join("out/report.html").exists());
}

#[test]
fn options_that_cannot_apply_are_refused_by_name() {
    let folder = tempfile::tempdir().unwrap();
    clips(folder.path(), 0);
    let audit = ["audit", "--video", "in", "--out", "out"];
    for (more, option, status) in [
        (&["--device", "cpu"][..], "--device", 1),
        (&["--i3d", "weights.pt"], "--data", 2),
        (&["--preset", "smoke"], "--train", 2),
        (&["distribution", "--data", "demos.jsonl"], "distribution", 2),
    ] {
        let output = pusht(folder.path(), &[&audit[..], more].concat());
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(status), "{said}");
        assert!(said.contains(option), "{said}");
    }
    assert_eq!(pusht(folder.path(), &["audit"]).status.code(), Some(2));
}

#[test]
fn a_bad_video_is_left_out_of_the_distribution() {
    let folder = tempfile::tempdir().unwrap();
    demos(folder.path(), 10);
    clips(folder.path(), 3);
    let command = "audit distribution --data demos.jsonl --video in --name mine --frames 64 --splits 20 --json d.json";
    let text = done(&pusht(folder.path(), &command.split(' ').collect::<Vec<_>>()));
    assert!(
        text.contains("| mine | 3 |") && text.contains("in/broken.mp4"),
        "{text}"
    );
    let report = json(&folder.path().join("d.json"));
    assert_eq!(report["skipped"][0]["video"], "in/broken.mp4");
    let page = fs::read_to_string(folder.path().join("d.md")).unwrap();
    assert!(page.starts_with("# Fréchet distance of trajectories") && page.ends_with(&text));
}

#[test]
fn replays_end_with_a_conclusion() {
    let folder = tempfile::tempdir().unwrap();
    demos(folder.path(), 2);
    let text = done(&pusht(
        folder.path(),
        &["score", "replay", "--data", "demos.jsonl", "--json", "r.json"],
    ));
    let conclusion = text.trim_end().lines().last().unwrap();
    assert!(
        conclusion.starts_with("Actions read off the pixels reproduce 2 of 2 clips"),
        "{text}"
    );
    let report = json(&folder.path().join("r.json"));
    assert_eq!(
        (&report["conclusion"], &report["clips"]),
        (&conclusion.into(), &2.into())
    );
    assert!(
        fs::read_to_string(folder.path().join("r.md"))
            .unwrap()
            .contains(conclusion)
    );
}

#[test]
fn a_world_is_judged() {
    let folder = tempfile::tempdir().unwrap();
    let short = ["--clips", "2", "--frames", "20"];
    let world = ["audit", "world", "--world", "simulator"];
    let arguments = [&world[..], &["--starts", "expert", "--out", "judged"], &short].concat();
    let text = done(&pusht(folder.path(), &arguments));
    assert!(text.contains("exact simulator passes the gate"), "{text}");
    let judged = folder.path().join("judged");
    for name in ["gate.md", "sheet.png", "worst.png", "films/clip-000.mp4"] {
        assert!(judged.join(name).is_file(), "{name}");
    }
    let result = json(&judged.join("gate.json"));
    assert_eq!(
        (&result["passes"], &result["gate"]["frames"]),
        (&Value::from(true), &Value::from(20))
    );
    assert_eq!(result["clips"].as_array().unwrap().len(), 2);

    let refused = pusht(folder.path(), &[&world[..], &short].concat());
    let error = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(
        !refused.status.success() && error.contains("expected --data PATH"),
        "{error}"
    );
    demos(folder.path(), 3);
    let data = [&world[..], &["--data", "demos.jsonl", "--frames", "90"]].concat();
    let error = String::from_utf8_lossy(&pusht(folder.path(), &data).stderr).into_owned();
    assert!(
        error.contains("none of the 1 episodes has 90 frames (the longest has 70)"),
        "{error}"
    );
}

/// A model that sees, on the loopback address: asked only after a confirmation, and once.
#[cfg(feature = "judge")]
#[test]
fn a_judge_scores_the_clips_beside_the_rules() {
    use test_support::{LoopbackReply, LoopbackServer};

    let server = LoopbackServer::start(|_| {
        let answer = r#"{"reason": "All is well.", "adherence": 1, "responsibility": 1, "physics": 5}"#;
        let body = serde_json::json!({"choices": [{"message": {"content": answer}}]});
        LoopbackReply::body(body.to_string())
    })
    .unwrap();
    let folder = tempfile::tempdir().unwrap();
    clips(folder.path(), 2);
    let audit = format!(
        "audit --video in --out out --judge {}/v1 --judge-model seer --judge-frames 3",
        server.url()
    );
    let audit: Vec<&str> = audit.split(' ').collect();
    let output = pusht(folder.path(), &audit);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(1), "{said}");
    for part in [
        "2 requests with 6 images",
        "1 clip cannot be read",
        "nothing was sent",
        "--yes",
    ] {
        assert!(said.contains(part), "{part:?} is not in: {said}");
    }
    assert!(server.requests().is_empty() && !folder.path().join("out").exists());

    let text = done(&pusht(folder.path(), &[&audit[..], &["--yes"]].concat()));
    assert!(text.contains("judge seer: 2 of 3 clips scored; 2 requests"), "{text}");
    assert!(text.contains("no score of the judge: broken.mp4"), "{text}");
    let out = folder.path().join("out");
    assert_eq!(json(&out.join("judge-scores.json"))["0.gif"]["physics"], 5.0);
    let judged = &json(&out.join("score.json"))["judged"]["report"];
    assert_eq!(judged["comparisons"][0][2]["clips"], 2);
    let page = fs::read_to_string(out.join("report.html")).unwrap();
    assert!(page.contains("What a model sees") && page.contains("All is well."));
    // Known answers need no confirmation.
    done(&pusht(folder.path(), &audit));
    assert_eq!(server.requests().len(), 2);

    let named = pusht(
        folder.path(),
        &[&audit[..], &["--judge-key", "NOT_SET_ANYWHERE"]].concat(),
    );
    let said = String::from_utf8_lossy(&named.stderr).into_owned();
    assert!(said.contains("--judge-key NOT_SET_ANYWHERE"), "{said}");
    // A judge that scores nothing makes the command fail; the rest of the report is there.
    let nobody = "audit --video in --out other --judge http://127.0.0.1:1/v1 --judge-model seer --yes";
    let output = pusht(folder.path(), &nobody.split(' ').collect::<Vec<_>>());
    assert_eq!(output.status.code(), Some(3));
    let page = fs::read_to_string(folder.path().join("other/report.html")).unwrap();
    assert!(page.contains("cannot be reached") && page.contains("0.gif"));
}
