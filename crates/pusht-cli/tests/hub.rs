//! Names of the Hugging Face Hub in place of paths, from a server on the loopback address.
#![allow(clippy::unwrap_used)]

mod common;

use std::path::Path;
use std::process::{Command, Output};
use std::time::Duration;

use common::{record, succeeds};
use test_support::{FakeHub, FakeRepo, LoopbackReply, LoopbackRequest, LoopbackServer};

/// Runs `pusht` with a server as the Hub and a cache in the folder.
fn pusht(folder: &Path, server: &LoopbackServer, arguments: &[&str], variables: &[(&str, &str)]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_pusht"))
        .args(arguments)
        .current_dir(folder)
        .env("HF_ENDPOINT", server.url())
        .env("HF_HOME", folder.join("hf"))
        .env_remove("HF_TOKEN")
        .env_remove("HF_HUB_CACHE")
        .env_remove("HF_HUB_OFFLINE")
        .envs(variables.iter().copied())
        .output()
        .expect("pusht starts")
}

fn output(folder: &Path, server: &LoopbackServer, arguments: &[&str], variables: &[(&str, &str)]) -> String {
    let output = pusht(folder, server, arguments, variables);
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{arguments:?}: {error}");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn error(folder: &Path, server: &LoopbackServer, arguments: &[&str], variables: &[(&str, &str)]) -> String {
    let output = pusht(folder, server, arguments, variables);
    assert_eq!(output.status.code(), Some(1), "{arguments:?}");
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn a_dataset_is_read_by_name() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    record(folder);
    succeeds(
        folder,
        &[
            "demos",
            "convert",
            "--from",
            "set.jsonl",
            "--to",
            "set",
            "--as",
            "lerobot",
        ],
    );
    let repo = FakeRepo::new("datasets", "owner/set")
        .with_folder(&folder.join("set"), "")
        .unwrap()
        .with(
            "videos/observation.images.other/chunk-000/file-000.mp4",
            "another camera",
        )
        .with("assets/film.mp4", "not needed");
    let server = FakeHub::start(repo).unwrap();
    let score = ["score", "tracker", "--data", "hub:owner/set", "--json", "-"];
    let text = output(folder, &server, &[&score[..], &["--camera", "image"]].concat(), &[]);
    let json: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(json["frames"], 60);
    // The name and the commit, not a folder of the cache.
    assert_eq!(json["data"], "owner/set@0123456, camera image");
    let asked: Vec<String> = server.requests().into_iter().map(|request| request.path).collect();
    assert!(asked.iter().any(|path| path.ends_with("meta/info.json")), "{asked:?}");
    for other in ["README.md", "other/", "assets", "stats.json"] {
        assert!(!asked.iter().any(|path| path.contains(other)), "{asked:?}");
    }

    // From the cache, the same numbers.
    let offline = [("HF_HUB_OFFLINE", "1")];
    let again = output(
        folder,
        &server,
        &[&score[..], &["--camera", "image"]].concat(),
        &offline,
    );
    let again: serde_json::Value = serde_json::from_str(&again).unwrap();
    assert_eq!((&again["errors"], &again["data"]), (&json["errors"], &json["data"]));
    assert_eq!(server.requests().len(), asked.len());
    let missing = error(
        folder,
        &server,
        &["score", "tracker", "--data", "hub:owner/else"],
        &offline,
    );
    assert!(
        missing.starts_with("error: --data hub:owner/else: ")
            && missing.contains("HF_HUB_OFFLINE is set")
            && missing.contains("--repo-type dataset"),
        "{missing}"
    );
    // Training from it: its name is in the result and in the card.
    let train = [
        "train",
        "policy",
        "--data",
        "hub:owner/set@v3.0",
        "--camera",
        "image",
        "--out",
        "run",
        "--epochs",
        "1",
        "--steps-per-epoch",
        "2",
        "--batch-size",
        "8",
        "--set",
        "tracked.width=8",
    ];
    output(folder, &server, &train, &[]);
    let card = std::fs::read_to_string(folder.join("run/README.md")).unwrap();
    assert!(
        card.contains("| trained on | owner/set@0123456, camera image |") && card.contains("test MSE, px²"),
        "{card}"
    );

    // A card that its user changed is kept; one that cannot be written does not fail the command.
    std::fs::write(folder.join("run/README.md"), "my words").unwrap();
    output(folder, &server, &train, &[]);
    assert_eq!(
        std::fs::read_to_string(folder.join("run/README.md")).unwrap(),
        "my words"
    );
    std::fs::remove_file(folder.join("run/README.md")).unwrap();
    std::fs::create_dir(folder.join("run/README.md")).unwrap();
    output(folder, &server, &train, &[]);

    let wrong = error(folder, &server, &["score", "tracker", "--data", "hub:set"], &[]);
    assert!(wrong.contains("there is no slash; expected hub:OWNER/NAME"), "{wrong}");
    let nobody = error(folder, &server, &["score", "tracker", "--data", "hub:owner/else"], &[]);
    assert!(nobody.contains("401") && nobody.contains("HF_TOKEN"), "{nobody}");
}

#[test]
fn two_processes_download_each_file_once() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let content = vec![7; 3_000_000];
    let repo = FakeRepo::new("models", "owner/idm").with("idm.safetensors", content.clone());
    // The first answer takes so long that the other process comes in between.
    let slow = |request: &LoopbackRequest, _: usize, reply: LoopbackReply| {
        if request.path.starts_with("/cdn/") {
            std::thread::sleep(Duration::from_millis(500));
        }
        reply
    };
    let server = FakeHub::start_with(repo, slow).unwrap();
    let run = || {
        error(
            folder,
            &server,
            &[
                "label",
                "--video",
                "none",
                "--out",
                "o",
                "--idm",
                "learned:hub:owner/idm",
            ],
            &[],
        )
    };
    let errors: Vec<String> = std::thread::scope(|scope| {
        let runs: Vec<_> = (0..3).map(|_| scope.spawn(run)).collect();
        runs.into_iter().map(|run| run.join().unwrap()).collect()
    });
    // What was downloaded is no model, and all of them say so.
    assert!(
        errors
            .iter()
            .all(|error| error.contains("idm.safetensors") && !error.contains("hash")),
        "{errors:?}"
    );
    assert_eq!(
        server
            .requests()
            .iter()
            .filter(|request| request.path.starts_with("/cdn/"))
            .count(),
        1
    );
    let found = folder
        .join("hf/hub/models--owner--idm/snapshots")
        .join(FakeRepo::COMMIT)
        .join("idm.safetensors");
    assert!(std::fs::read(found).unwrap() == content);
}

#[test]
fn a_policy_is_rolled_out_by_name() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    record(folder);
    let train = [
        "train",
        "policy",
        "--data",
        "set.jsonl",
        "--out",
        "run",
        "--epochs",
        "1",
        "--steps-per-epoch",
        "2",
        "--batch-size",
        "8",
        "--set",
        "tracked.width=8",
    ];
    succeeds(folder, &train);
    let file = std::fs::read(folder.join("run/policy.safetensors")).unwrap();
    let repo = FakeRepo::new("models", "owner/policy")
        .with("policy.safetensors", file)
        .with("README.md", "# policy");
    let server = FakeHub::start(repo).unwrap();
    let options = ["--episodes", "1", "--steps", "3", "--json", "-"];
    let roll = |policy: &str| {
        let text = output(
            folder,
            &server,
            &[&["rollout", "--policy", policy][..], &options].concat(),
            &[],
        );
        serde_json::from_str::<serde_json::Value>(&text).unwrap()
    };
    let local = roll("run/policy.safetensors");
    assert_eq!(roll("hub:owner/policy")["episodes"], local["episodes"]);
    assert_eq!(
        roll("hub:owner/policy/policy.safetensors")["episodes"],
        local["episodes"]
    );
    let none = error(
        folder,
        &server,
        &["rollout", "--policy", "hub:owner/policy/other.safetensors"],
        &[],
    );
    assert!(
        none.contains("no such file or folder; it has README.md, policy.safetensors"),
        "{none}"
    );
}

#[test]
fn published_models_are_loaded_by_name() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    record(folder);
    for kind in ["ltx", "cosmos"] {
        succeeds(
            folder,
            &["finetune", "--model", &format!("{kind}:{kind}"), "--make-tiny"],
        );
        let repo = FakeRepo::new("models", "owner/model")
            .with_folder(&folder.join(kind), "")
            .unwrap()
            .with("text_encoder/model.fp16.safetensors", "a variant")
            .with("README.md", "# model");
        let server = FakeHub::start(repo).unwrap();
        let out = format!("clips-{kind}");
        let model = format!("{kind}:hub:owner/model");
        let generate = [
            "generate",
            "--model",
            &model,
            "--data",
            "set.jsonl",
            "--part",
            "all",
            "--count",
            "1",
            "--frames",
            "9",
            "--steps",
            "1",
            "--size",
            "64x64",
            "--tokens",
            "8",
            "--out",
            &out,
        ];
        let cache = folder.join(format!("cache-{kind}"));
        let cache = [("HF_HUB_CACHE", cache.to_str().unwrap())];
        output(folder, &server, &generate, &cache);
        let record = std::fs::read_to_string(folder.join(&out).join("generation.json")).unwrap();
        let record: serde_json::Value = serde_json::from_str(&record).unwrap();
        assert_eq!(
            record["plan"]["model"],
            format!("{kind}:hub:owner/model@{}", FakeRepo::COMMIT)
        );
        let asked: Vec<String> = server.requests().into_iter().map(|request| request.path).collect();
        assert!(
            !asked
                .iter()
                .any(|path| path.contains("fp16") || path.contains("README")),
            "{asked:?}"
        );
        // The same command finds everything in its place.
        let count = asked.len();
        output(folder, &server, &generate, &cache);
        assert_eq!(server.requests().len(), count + 1);
        // A folder without a part is refused before anything is downloaded.
        let partial = FakeRepo::new("models", "owner/model").with("transformer/config.json", "{}");
        let server = FakeHub::start(partial).unwrap();
        let missing = error(folder, &server, &generate, &[]);
        assert!(
            missing.contains("files are missing") && missing.contains("vae/config.json"),
            "{missing}"
        );
        assert_eq!(server.requests().len(), 1);
    }
}

#[test]
fn inverse_dynamics_and_worlds_are_found_by_name() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    record(folder);
    succeeds(
        folder,
        &[
            "demos",
            "convert",
            "--from",
            "set.jsonl",
            "--to",
            "films",
            "--as",
            "png",
            "--episodes",
            "1",
            "--scale",
            "1",
        ],
    );
    let server = FakeHub::start(FakeRepo::new("models", "owner/idm").with("README.md", "#")).unwrap();
    for (idm, what) in [("learned", "idm.safetensors"), ("uva", "*.ckpt")] {
        let name = format!("{idm}:hub:owner/idm");
        let text = error(
            folder,
            &server,
            &["label", "--video", "films", "--out", "labeled", "--idm", &name],
            &[],
        );
        assert!(text.contains("--idm hub:owner/idm") && text.contains(what), "{text}");
    }
    let text = error(
        folder,
        &server,
        &["rollout", "--policy", "still", "--in", "pixel:hub:owner/idm"],
        &[],
    );
    assert!(
        text.contains("--in hub:owner/idm") && text.contains("world.safetensors"),
        "{text}"
    );
    let set = [
        "experiment",
        "--preset",
        "smoke",
        "--set",
        "video.model=ltx:hub:owner/idm",
        "--out",
        "run",
    ];
    let text = error(folder, &server, &set, &[]);
    assert!(
        text.contains("video.model hub:owner/idm") && text.contains("transformer/config.json"),
        "{text}"
    );
    assert!(!folder.join("run").exists());
}
