//! `pusht rollout --protocol goal-conditioned`.

mod common;

use common::{ends_with, json, record, succeeds};
use serde_json::Value;

/// A rollout over the small dataset, whose episodes have 20 steps.
fn arguments<'a>(policy: &'a str, episodes: &'a str, steps: &'a str) -> Vec<&'a str> {
    [
        ["rollout", "--policy", policy, "--data", "set.jsonl"].as_slice(),
        &["--goal-offset", "8", "--episodes", episodes, "--steps", steps],
    ]
    .concat()
}

const SMALL: [&str; 8] = ["--samples", "40", "--rounds", "6", "--elites", "8", "--play", "10"];

/// The result without what differs from run to run.
fn untimed(mut record: Value) -> Value {
    record["timing"] = Value::Null;
    record
}

#[test]
fn the_recorded_actions_reach_every_goal_and_the_record_says_how_it_was_played() {
    let folder = tempfile::tempdir().expect("a folder");
    record(folder.path());
    let all = arguments("demonstration", "30", "20");
    let text = succeeds(folder.path(), &all);
    assert!(
        text.contains(
            "demonstration: protocol goal-conditioned (changed), 30 episodes of set.jsonl, goals 8 rows ahead"
        ) && text.contains("1.000 [0.886, 1.000]  (30 of 30; interval: Wilson score, 95 %)"),
        "{text}"
    );
    let record = json(folder.path(), &all);
    assert_eq!(record["protocol"]["seed"], 42);
    assert_eq!(record["success"]["position_below"], 20.0);
    assert_eq!(
        (&record["scores"]["reached"], &record["scores"]["episodes"]),
        (&30.into(), &30.into())
    );
    assert!(record["episodes"][29]["row"].is_u64() && record["episodes"][29]["episode"] == 2);
    let film = [&all[..], &["--save-video", "x.mp4", "--film", "2"]].concat();
    assert!(succeeds(folder.path(), &film).contains("film of episode 2: x.mp4"));
}

#[test]
fn the_search_repeats_and_its_parts_join() {
    let folder = tempfile::tempdir().expect("a folder");
    record(folder.path());
    let search = [&arguments("mpc:simulator", "3", "20")[..], &SMALL].concat();
    let once = json(folder.path(), &search);
    assert!(once["timing"]["decisions"].as_u64() >= Some(3), "{}", once["timing"]);
    assert_eq!(once["settings"]["search"]["search"]["rounds"], 6);
    assert_eq!(untimed(once.clone()), untimed(json(folder.path(), &search)));
    for part in ["1/2", "2/2"] {
        let file = format!("{}.json", &part[..1]);
        succeeds(
            folder.path(),
            &[&search[..], &["--shard", part, "--json", &file]].concat(),
        );
    }
    let text = succeeds(
        folder.path(),
        &["demos", "merge", "2.json", "1.json", "--out", "all.json"],
    );
    assert!(
        text.contains("search in the exact simulator") && text.contains("2 parts joined to 3 episodes"),
        "{text}"
    );
    let joined = std::fs::read(folder.path().join("all.json")).expect("a file");
    let joined: Value = serde_json::from_slice(&joined).expect("JSON");
    assert_eq!(untimed(joined), untimed(once));
}

#[test]
fn the_pixel_model_plans_by_search_and_by_clips() {
    let folder = tempfile::tempdir().expect("a folder");
    record(folder.path());
    let few = [
        "--samples",
        "4",
        "--rounds",
        "1",
        "--elites",
        "2",
        "--horizon",
        "3",
        "--play",
        "2",
    ];
    let search = [&arguments("mpc:pixel", "1", "3")[..], &few].concat();
    for cost in ["pose", "pixels"] {
        let record = json(folder.path(), &[&search[..], &["--cost", cost]].concat());
        assert_eq!(record["policy"], "search in the pixel world model");
        assert_eq!(record["settings"]["world"]["cost"], cost);
        assert_eq!(record["settings"]["world"]["sha256"].as_str().map(str::len), Some(64));
        let steps = record["episodes"][0]["actions"].as_array().map(Vec::len);
        assert!(steps == Some(3) || record["scores"]["reached"] == 1, "{record}");
    }
    let clips = [&arguments("planner:pixel", "1", "3")[..], &["--play", "3"]].concat();
    let record = json(folder.path(), &clips);
    assert_eq!(record["timing"]["decisions"], 1);
    assert_eq!(record["settings"]["clips"]["steps"], 8);
}

#[test]
fn what_cannot_be_is_said_with_what_to_do() {
    let folder = tempfile::tempdir().expect("a folder");
    record(folder.path());
    let refused = |status, arguments: &[&str]| ends_with(status, folder.path(), arguments);
    let of = |policy: &str, more: &[&str]| refused(1, &[&arguments(policy, "2", "5")[..], more].concat());
    let error = refused(1, &["rollout", "--policy", "mpc:simulator"]);
    assert!(error.contains("--data PATH is needed"), "{error}");
    let error = refused(1, &arguments("mpc:simulator", "36", "5"));
    assert!(
        error.contains("36 episodes were asked for") && error.contains("35 starts"),
        "{error}"
    );
    let error = refused(1, &arguments("mpc:simulator", "2", "0"));
    assert!(error.contains("the step limit is 0"), "{error}");
    let error = refused(1, &arguments("mpc:simulator", "0", "5"));
    assert!(error.contains("the number of episodes is 0"), "{error}");
    let error = of("mpc:simulatr", &[]);
    assert!(
        error.contains("simulatr: no such file or folder, did you mean simulator?"),
        "{error}"
    );
    let error = of("mpc:object:x", &[]);
    assert!(error.contains("object is no world model in which one acts"), "{error}");
    std::fs::write(folder.path().join("other.safetensors"), "x").expect("a file");
    assert!(of("mpc:other.safetensors", &[]).contains("other.safetensors"));
    let error = of("planner:sora", &[]);
    assert!(
        error.contains("--policy planner:sora") && error.contains("cosmos:DIR"),
        "{error}"
    );
    let error = of("planner:object:none", &[]);
    assert!(error.contains("none"), "{error}");
    let error = of("expertt", &["--protocol", "goal-conditioned"]);
    assert!(
        error.contains("did you mean expert?") && error.contains("mpc:simulator"),
        "{error}"
    );
    let error = of("mpc:simulator", &["--cost", "pose"]);
    assert!(
        error.contains("--cost: the policy mpc:simulator does not take it"),
        "{error}"
    );
    let error = of("planner:pixel", &["--samples", "5"]);
    assert!(
        error.contains("--samples: the policy planner:pixel does not take it"),
        "{error}"
    );
    let error = of("mpc:simulator", &["--samples", "1"]);
    assert!(error.contains("the number of samples is 1"), "{error}");
    let error = of("mpc:simulator", &["--in", "pixel"]);
    assert!(
        error.contains("--in: the protocol goal-conditioned does not have it"),
        "{error}"
    );
    let error = of("mpc:simulator", &["--protocol", "paper"]);
    assert!(error.contains("plans to goals; leave --protocol out"), "{error}");
    let error = of("still", &[]);
    assert!(error.contains("--data is for --protocol goal-conditioned"), "{error}");
    let error = refused(2, &["rollout", "--policy", "still", "--protocol", "papr"]);
    assert!(error.contains("paper, diffusion-policy or goal-conditioned"), "{error}");
}
