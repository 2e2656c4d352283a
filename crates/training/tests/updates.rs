//! Effects of gradient accumulation and early stopping on a run.

#![allow(clippy::unwrap_used)]

mod common;

use common::{Net, Product, bits, config};
use pusht_jobs::{CancelFlag, JobContext, Silent};
use training::{FitOptions, FitOutput, Objective, Precision, Step, TrainConfig, TrainingError};

fn run(settings: &TrainConfig, objective: &Product) -> Result<FitOutput<Net>, TrainingError> {
    let mut silent = JobContext::silent();
    let options = FitOptions::in_memory(&mut silent);
    training::fit(Net::new(16, false, 5), objective, settings, options)
}

#[test]
fn a_batch_in_parts_gives_the_update_of_the_whole() {
    let plain = || Product {
        noise: 0.0,
        ..Product::new()
    };
    let whole = run(&config(3), &plain()).unwrap();
    // 16 items in five parts: of three and four.
    for accumulate in [2, 5, 16] {
        let settings = TrainConfig {
            accumulate,
            ..config(3)
        };
        let objective = plain();
        let parts = run(&settings, &objective).unwrap();
        assert_eq!(objective.calls(), 12 * accumulate);
        for (part, whole) in bits(&parts.last).into_iter().zip(bits(&whole.last)) {
            let difference = (f32::from_bits(part) - f32::from_bits(whole)).abs();
            assert!(difference <= 1e-6, "{accumulate} parts: {difference}");
        }
        let losses = |fitted: &FitOutput<Net>| fitted.curve.rows.last().unwrap().valid_loss.unwrap();
        assert!((losses(&parts) - losses(&whole)).abs() < 1e-6);
    }
}

/// The CPU computes bf16 via f32: slow, but the same procedure.
#[test]
fn bf16_computes_coarsely_and_updates_in_f32() {
    let f32 = run(&config(6), &Product::new()).unwrap();
    let settings = TrainConfig {
        precision: Precision::Bf16,
        ..config(6)
    };
    let bf16 = run(&settings, &Product::new()).unwrap();
    let valid = |fitted: &FitOutput<Net>| fitted.best_valid.unwrap();
    assert!(
        (valid(&bf16) / valid(&f32) - 1.0).abs() < 0.1,
        "{} {}",
        valid(&bf16),
        valid(&f32)
    );
    let last = bits(&bf16.last);
    assert_ne!(last, bits(&f32.last));
    assert!(
        last.iter().any(|bits| bits & 0xFFFF != 0),
        "weights are not those of bf16"
    );

    let mut silent = JobContext::silent();
    let options = FitOptions::in_memory(&mut silent);
    let error = training::fit(Net::new(16, true, 5), &Product::new(), &settings, options).unwrap_err();
    assert_eq!(
        error.to_string(),
        "precision is bf16; expected f32, as the model has batch norm"
    );
}

#[test]
fn training_ends_when_validation_has_not_improved_for_long() {
    let objective = || Product {
        valid: vec![5.0, 4.0, 4.5, 4.2, 3.0, 3.0, 3.5, 2.0],
        ..Product::new()
    };
    let settings = TrainConfig {
        patience: Some(2),
        ..config(8)
    };
    let fitted = run(&settings, &objective()).unwrap();
    assert_eq!((fitted.epochs, fitted.best_epoch, fitted.best_valid), (4, 2, Some(4.0)));
    let patient = TrainConfig {
        patience: Some(3),
        ..config(8)
    };
    let fitted = run(&patient, &objective()).unwrap();
    assert_eq!((fitted.epochs, fitted.best_epoch), (8, 8));

    // Stopped in between and resumed, it ends at the same epoch; run again, it trains no further.
    let folder = tempfile::tempdir().unwrap();
    let flag = CancelFlag::new();
    let stopping = Product {
        stop: Some((10, flag.clone())),
        ..objective()
    };
    let attempt = |objective: &Product, stop: CancelFlag| {
        let mut silent = JobContext::new(Box::new(Silent), stop);
        let options = FitOptions {
            out: Some(folder.path()),
            ..FitOptions::in_memory(&mut silent)
        };
        training::fit(Net::new(16, false, 5), objective, &settings, options)
    };
    assert!(matches!(
        attempt(&stopping, flag),
        Err(TrainingError::Interrupted { step: 10, .. })
    ));
    let rest = objective().after(&stopping);
    assert_eq!(attempt(&rest, CancelFlag::new()).unwrap().epochs, 4);
    let done = objective();
    assert_eq!(attempt(&done, CancelFlag::new()).unwrap().epochs, 4);
    assert_eq!(done.calls(), 0);
}

#[test]
fn patience_needs_validation_data() {
    struct Unvalidated(Product);
    impl Objective<Net> for Unvalidated {
        fn items(&self) -> usize {
            50
        }
        fn loss(&self, model: &Net, items: &[usize], step: Step) -> Result<burn::Tensor<1>, training::ObjectiveError> {
            self.0.loss(model, items, step)
        }
        fn validate(&self, _: &Net) -> Result<Option<f64>, training::ObjectiveError> {
            Ok(None)
        }
    }
    let settings = TrainConfig {
        patience: Some(1),
        ..config(2)
    };
    let mut silent = JobContext::silent();
    let options = FitOptions::in_memory(&mut silent);
    let error = training::fit(Net::new(16, false, 5), &Unvalidated(Product::new()), &settings, options).unwrap_err();
    assert!(error.to_string().contains("no validation data"), "{error}");
}

#[test]
fn a_batch_larger_than_the_data_is_refused_before_training() {
    let settings = TrainConfig {
        batch_size: 51,
        ..config(1)
    };
    let objective = Product::new();
    let error = run(&settings, &objective).unwrap_err();
    assert!(error.to_string().contains("only 50 training items"), "{error}");
    assert_eq!(objective.calls(), 0);
}
