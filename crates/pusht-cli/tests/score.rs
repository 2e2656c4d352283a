//! `pusht score`.

mod common;

use common::{change, ends_with, json, pusht, record, shift_ends, succeeds};

#[test]
fn data_sets_are_scored() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    record(folder);
    let arguments = [
        "score",
        "actions",
        "--data",
        "set.jsonl",
        "--skip-first",
        "1",
        "--json",
        "actions.json",
    ];
    let text = succeeds(folder, &arguments);
    assert!(
        text.contains("3 episodes, 57 actions (the first of each left out)"),
        "{text}"
    );
    assert!(text.contains("paper: extracted"), "{text}");
    let written = std::fs::read_to_string(folder.join("actions.json")).unwrap();
    let written: serde_json::Value = serde_json::from_str(&written).unwrap();
    assert_eq!(written["skip_first"], 1);
    assert_eq!(written["measures"]["actions"]["actions"], 57);
    assert_eq!(written["paper_human_extracted"][1][1][0], "5.36 ± 6.17");

    let tracker = json(folder, &["score", "tracker", "--data", "set.jsonl", "--episodes", "2"]);
    assert_eq!(
        (tracker["frames"].as_u64(), tracker["missed"].as_u64()),
        (Some(40), Some(0))
    );
    assert!(tracker["errors"][0]["max"].as_f64().unwrap() < 1.0, "{tracker}");

    let idm = json(folder, &["score", "idm", "--data", "set.jsonl"]);
    assert_eq!(idm["rows"][0]["idm"], "closed form");
    assert_eq!(idm["paper"][0][1], 122.56);

    let expert = json(folder, &["score", "expert", "--episodes", "2", "--steps", "8"]);
    assert_eq!(expert["episode_length"]["max"], 8.0);
}

#[test]
fn actions_of_episodes_that_end_in_the_wrong_row_are_warned_of() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    record(folder);
    change(folder, "shifted.zarr", shift_ends);
    let warnings = |data: &str| {
        let output = pusht(folder, &["score", "actions", "--data", data]);
        let told = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success(), "{told}");
        told
    };
    let told = warnings("shifted.zarr");
    assert!(
        told.contains("warning: shifted.zarr: in episode 1 no action leads from row 0 to row 1 (the agent is "),
        "{told}"
    );
    assert!(told.contains("episodes end one row too early"), "{told}");
    let told = warnings("set.jsonl");
    assert!(!told.contains("warning"), "{told}");
}

#[test]
fn policies_are_compared_in_a_world_model() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let arguments = |policies: &[&'static str]| -> Vec<&'static str> {
        let mut all = vec![
            "score",
            "world-model",
            "--world",
            "simulator",
            "--episodes",
            "2",
            "--steps",
            "30",
        ];
        all.extend(policies.iter().flat_map(|policy| ["--policy", *policy]));
        all
    };
    let three = arguments(&["still", "random", "expert:stop=25"]);
    let found = json(folder, &[&three[..], &["--seed", "3"]].concat());
    assert_eq!(
        (&found["protocol"], &found["seed"], &found["first_start_seed"]),
        (&"paper".into(), &3.into(), &100_000.into())
    );
    assert_eq!(
        (&found["world"], &found["episodes"], &found["steps"]),
        (&"exact simulator".into(), &2.into(), &30.into())
    );
    for (policy, name) in found["policies"]
        .as_array()
        .unwrap()
        .iter()
        .zip(["still", "random", "expert:stop=25"])
    {
        assert_eq!(policy["policy"], name);
        assert_eq!(policy["returns"]["world"].as_array().unwrap().len(), 2);
        if !name.starts_with("expert") {
            // These do not react to what they see.
            assert_eq!(
                (&policy["parted"], &policy["steps_together"]["mean"]),
                (&0.into(), &30.0.into())
            );
        }
    }
    let r = found["correlation"]["pearson"]["value"].as_f64().unwrap();
    assert!((0.9..=1.0).contains(&r), "{found}");

    let text = succeeds(folder, &arguments(&["still", "random"]));
    assert!(text.contains("| still | 0."), "{text}");
    assert!(
        text.contains("No correlation: 2 policies are too few; expected at least 3."),
        "{text}"
    );

    let refused = |arguments: &[&str]| ends_with(1, folder, arguments);
    let error = refused(&arguments(&["expert"]));
    assert!(
        error.contains("the number of policies is 1; expected at least 2"),
        "{error}"
    );
    let error = refused(&arguments(&["still", "expert:slow"]));
    assert!(
        error.contains("--policy expert:slow") && error.contains("noise=PX"),
        "{error}"
    );
    let error = refused(&["score", "world-model", "--world", "simulater"]);
    assert!(
        error.contains("--world simulater: no such file or folder, did you mean simulator?"),
        "{error}"
    );
    let error = refused(&["score", "world-model", "--world", "simulator", "--episodes", "0"]);
    assert!(error.contains("at least 1 episode"), "{error}");
}
