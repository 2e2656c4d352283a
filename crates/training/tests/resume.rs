//! A run that was stopped and resumed ends in the same bits as an uninterrupted one; damaged and foreign checkpoints
//! are refused by name. A resume that loses the optimizer's moments, the data order or the moving average fails here.

#![allow(clippy::unwrap_used)]

mod common;

use std::path::Path;

use common::{Net, Product, bits, config};
use pusht_jobs::{CancelFlag, JobContext, Silent};
use training::{FitOptions, FitOutput, TrainConfig, TrainingError};

fn run_as(
    config: &TrainConfig,
    objective: &Product,
    out: Option<&Path>,
    stop: &CancelFlag,
) -> Result<FitOutput<Net>, TrainingError> {
    let mut silent = JobContext::new(Box::new(Silent), stop.clone());
    let options = FitOptions {
        out,
        identity: "net of the test",
        ..FitOptions::in_memory(&mut silent)
    };
    training::fit(Net::new(16, true, 5), objective, config, options)
}

fn run(objective: &Product, out: Option<&Path>, stop: &CancelFlag) -> Result<FitOutput<Net>, TrainingError> {
    run_as(&config(4), objective, out, stop)
}

fn checkpoints(out: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(out.join("checkpoints")).unwrap();
    let mut names: Vec<String> = entries.map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names.retain(|name| name != "lock");
    names
}

#[test]
fn resume_is_exact_and_bad_checkpoints_are_refused() {
    let never = CancelFlag::new();
    let straight = run(&Product::new(), None, &never).unwrap();
    let first = straight.curve.rows.first().unwrap().train_loss.unwrap();
    let best = straight.best_valid.unwrap();
    assert!(best < 0.8 * first, "{best} {first}");

    let folder = tempfile::tempdir().unwrap();
    let flag = CancelFlag::new();
    let stopping = Product {
        stop: Some((11, flag.clone())),
        ..Product::new()
    };
    // Four steps per epoch, a row of the curve every two: stopped in the third epoch, between two rows.
    let error = run(&stopping, Some(folder.path()), &flag).unwrap_err();
    assert!(
        matches!(
            error,
            TrainingError::Interrupted {
                step: 11,
                total: 16,
                ..
            }
        ),
        "{error}"
    );
    assert!(error.to_string().contains("checkpoint of step 11"), "{error}");

    let resumed = Product::new();
    let again = run(&resumed, Some(folder.path()), &never).unwrap();
    assert_eq!(resumed.calls(), 5, "no step is trained twice");
    assert_eq!(bits(&again.last), bits(&straight.last));
    assert_eq!(bits(&again.best), bits(&straight.best));
    assert_eq!(again.curve, straight.curve);
    assert_eq!(again.best_epoch, straight.best_epoch);
    let lines = std::fs::read_to_string(folder.path().join("curve.jsonl")).unwrap();
    assert_eq!(lines.lines().count(), straight.curve.rows.len());

    let finished = Product::new();
    let once_more = run(&finished, Some(folder.path()), &never).unwrap();
    assert_eq!(finished.calls(), 0, "a finished run trains no more");
    assert_eq!(bits(&once_more.last), bits(&straight.last));

    let mut silent = JobContext::silent();
    let mut options = FitOptions::in_memory(&mut silent);
    options.out = Some(folder.path());
    options.identity = "another net";
    let error = training::fit(Net::new(16, true, 5), &Product::new(), &config(4), options).unwrap_err();
    assert!(error.to_string().contains("belongs to another run"), "{error}");

    let newest = folder.path().join("checkpoints/step-00000016");
    for name in ["model.bpk", "optimizer.bpk", "average.bpk"] {
        let path = newest.join(name);
        let mut bytes = std::fs::read(&path).unwrap();
        let middle = bytes.len() / 2;
        bytes[middle] ^= 1;
        std::fs::write(&path, &bytes).unwrap();
        let text = run(&Product::new(), Some(folder.path()), &never)
            .unwrap_err()
            .to_string();
        assert!(text.contains(name) && text.contains("SHA-256"), "{text}");
        bytes[middle] ^= 1;
        std::fs::write(&path, &bytes).unwrap();
    }
    std::fs::write(newest.join("manifest.json"), "{").unwrap();
    let text = run(&Product::new(), Some(folder.path()), &never)
        .unwrap_err()
        .to_string();
    assert!(
        text.contains("manifest.json") && text.contains("not a manifest"),
        "{text}"
    );

    let broken = Product {
        scale: f32::NAN,
        ..Product::new()
    };
    let error = run(&broken, None, &never).unwrap_err();
    assert!(matches!(error, TrainingError::Diverged { step: 2, .. }), "{error}");
}

#[test]
fn the_newest_and_the_best_are_kept_however_often_is_saved() {
    let never = CancelFlag::new();
    let valid = vec![3.0, 1.0, 2.0, 2.0];
    let objective = Product {
        valid: valid.clone(),
        ..Product::new()
    };
    let straight = run(&objective, None, &never).unwrap();
    assert_eq!((straight.best_epoch, straight.best_valid), (2, Some(1.0)));

    let folder = tempfile::tempdir().unwrap();
    let often = TrainConfig {
        checkpoint_every: Some(3),
        keep_last: 2,
        ..config(4)
    };
    let objective = Product {
        valid,
        ..Product::new()
    };
    let fitted = run_as(&often, &objective, Some(folder.path()), &never).unwrap();
    // Steps 3, 4, 6, 8 (best), 9, 12, 15, 16 were saved.
    let kept = checkpoints(folder.path());
    assert_eq!(kept, ["step-00000008", "step-00000015", "step-00000016"]);
    assert_eq!(bits(&fitted.last), bits(&straight.last));
    assert_eq!(bits(&fitted.best), bits(&straight.best));
    assert_eq!(fitted.curve, straight.curve);

    // The checkpoint interval may change from one command to the next.
    let loaded = run(&Product::new(), Some(folder.path()), &never).unwrap();
    assert_eq!(bits(&loaded.best), bits(&straight.best));
}

#[test]
fn a_folder_is_trained_into_by_one_run_at_a_time() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("checkpoints")).unwrap();
    let lock = std::fs::File::create(folder.path().join("checkpoints/lock")).unwrap();
    lock.lock().unwrap();
    let error = run(&Product::new(), Some(folder.path()), &CancelFlag::new()).unwrap_err();
    assert!(matches!(error, TrainingError::Busy { .. }), "{error}");
    drop(lock);
    run(&Product::new(), Some(folder.path()), &CancelFlag::new()).unwrap();
}
