//! A run that is killed with SIGKILL at any moment and started again has the bits of an undisturbed run. The test
//! starts itself as the process to kill.

#![allow(clippy::unwrap_used)]
#![cfg(unix)]

mod common;

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use common::{Net, Product, bits, config};
use pusht_jobs::{JobContext, STAGING_PREFIX};
use rand::{RngExt, SeedableRng};
use rand_pcg::Pcg64;
use training::{FitOptions, TrainConfig};

const OUT: &str = "TRAINING_TEST_OUT";

/// Trains 72 steps of at least four milliseconds, and writes the bits of its models and its curve.
fn train(out: &Path) {
    let settings = TrainConfig {
        // Seven steps leave losses between two rows of the curve in the checkpoint.
        checkpoint_every: Some(7),
        keep_last: 2,
        accumulate: 2,
        ..config(18)
    };
    let objective = Product {
        delay: Duration::from_millis(2),
        ..Product::new()
    };
    let mut silent = JobContext::silent();
    let options = FitOptions {
        out: Some(out),
        ..FitOptions::in_memory(&mut silent)
    };
    // Wide enough that writing a checkpoint takes some of the time.
    let fitted = training::fit(Net::new(4000, true, 5), &objective, &settings, options).unwrap();
    let result = (bits(&fitted.last), bits(&fitted.best), fitted.best_epoch, &fitted.curve);
    pusht_jobs::write_bytes(out.join("result.json"), &serde_json::to_vec(&result).unwrap()).unwrap();
}

/// Does nothing unless the test below started it.
#[test]
fn child() {
    if let Some(out) = std::env::var_os(OUT) {
        train(Path::new(&out));
    }
}

fn start(out: &Path) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "child"])
        .env(OUT, out)
        .stdout(Stdio::null())
        .spawn()
        .unwrap()
}

/// A limit on file size stands for a full disk: the system cuts a `write` short and then refuses.
#[test]
fn a_full_disk_is_named_and_the_last_checkpoint_stays() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("out");
    let mut child = start(&out);
    while checkpoints(&out).is_empty() {
        assert!(
            child.try_wait().unwrap().is_none(),
            "the child ended before it was killed"
        );
        std::thread::yield_now();
    }
    child.kill().unwrap();
    child.wait().unwrap();
    let before = checkpoints(&out);

    let run = |blocks: &str| {
        let text = folder.path().join("stderr");
        let status = Command::new("sh")
            .arg("-c")
            .arg(format!(
                "trap '' XFSZ; ulimit -f {blocks}; exec \"$0\" --exact child --nocapture"
            ))
            .arg(std::env::current_exe().unwrap())
            .env(OUT, &out)
            .stdout(Stdio::null())
            .stderr(std::fs::File::create(&text).unwrap())
            .status()
            .unwrap();
        (status.success(), std::fs::read_to_string(&text).unwrap())
    };
    // 180 kB: the weights (144 kB) fit, the optimizer's moments (224 kB) do not.
    let (success, text) = run("360");
    assert!(!success && text.contains("optimizer.bpk"), "{text}");
    assert_eq!(checkpoints(&out), before);
    let (success, text) = run("unlimited");
    assert!(success, "{text}");
}

fn checkpoints(out: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(out.join("checkpoints")).into_iter().flatten();
    let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<String> = names
        .filter(|name| name != "lock" && !name.starts_with(STAGING_PREFIX) && !name.starts_with("unfinished-"))
        .collect();
    names.sort();
    names
}

fn writing(out: &Path) -> bool {
    std::fs::read_dir(out.join("checkpoints")).is_ok_and(|entries| {
        entries
            .flatten()
            .any(|entry| entry.file_name().to_string_lossy().starts_with(STAGING_PREFIX))
    })
}

#[test]
fn a_killed_run_ends_in_the_same_bits() {
    let folder = tempfile::tempdir().unwrap();
    let [straight, killed] = ["straight", "killed"].map(|name| folder.path().join(name));
    assert!(start(&straight).wait().unwrap().success());

    let mut rng = Pcg64::seed_from_u64(1);
    let (mut kills, mut in_a_checkpoint) = (0, 0);
    loop {
        let began = Instant::now();
        let mut child = start(&killed);
        // Half of the kills come at a random moment, half in the middle of writing a checkpoint.
        let wait = Duration::from_millis(rng.random_range(20..120));
        let nth = rng.random_range(1..4);
        let (mut seen, mut before) = (0, false);
        let finished = loop {
            if let Some(status) = child.try_wait().unwrap() {
                break status.success();
            }
            let now = writing(&killed);
            seen += usize::from(now && !before);
            before = now;
            let due = if kills % 2 == 0 {
                began.elapsed() >= wait
            } else {
                seen == nth
            };
            if kills < 12 && due {
                child.kill().unwrap();
                child.wait().unwrap();
                kills += 1;
                in_a_checkpoint += usize::from(writing(&killed));
                break false;
            }
            std::thread::yield_now();
        };
        if finished {
            break;
        }
        assert!(began.elapsed() < Duration::from_secs(60), "the child hangs");
    }
    assert!(kills >= 4, "only {kills} kills: the run is too short for the test");
    assert!(in_a_checkpoint >= 1, "no kill hit the writing of a checkpoint");
    let [straight, killed] = [straight, killed].map(|out| std::fs::read(out.join("result.json")).unwrap());
    assert!(straight == killed, "the results differ after {kills} kills");
}
