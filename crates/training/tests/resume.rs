//! A run that was stopped and resumed ends in the same bits as one that was not; damaged and foreign checkpoints are
//! refused by name. A resume that loses the optimiser's moments, the data order or the moving average fails here.

#![allow(clippy::unwrap_used)]

use std::path::Path;

use burn::Tensor;
use burn::module::Module;
use burn::nn::{Dropout, DropoutConfig, Linear, LinearConfig};
use burn::tensor::{Device, TensorData};
use rand::SeedableRng;
use rand_pcg::Pcg64;
use training::{FitOptions, Fitted, Objective, ObjectiveError, Silent, StopFlag, TrainConfig, TrainingError};

#[derive(Module, Debug)]
struct Net {
    first: Linear,
    dropout: Dropout,
    second: Linear,
}

impl Net {
    fn forward(&self, x: Tensor<2>) -> Tensor<2> {
        self.second.forward(
            self.dropout
                .forward(burn::tensor::activation::tanh(self.first.forward(x))),
        )
    }
}

fn net() -> Net {
    training::init_seeded(5, &Device::flex(), |device| Net {
        first: LinearConfig::new(3, 16).init(device),
        dropout: DropoutConfig::new(0.1).init(),
        second: LinearConfig::new(16, 1).init(device),
    })
}

/// Learns the product of two of three numbers, with noise on the input; raises a flag at a given step.
struct Product {
    stop: Option<(usize, StopFlag)>,
    calls: std::cell::Cell<usize>,
    scale: f32,
}

impl Product {
    fn new() -> Self {
        Self {
            stop: None,
            calls: 0.into(),
            scale: 1.0,
        }
    }

    fn data(&self, items: &[usize], noise: f32, seed: u64) -> (Tensor<2>, Tensor<2>) {
        let mut rng = Pcg64::seed_from_u64(seed);
        let x: Vec<f32> = items
            .iter()
            .flat_map(|&i| [(i as f32).sin(), (i as f32 * 0.7).cos(), (i as f32 * 1.3).sin()])
            .collect();
        let y: Vec<f32> = x.chunks(3).map(|x| x[0] * x[1] * self.scale).collect();
        let draws = training::normal(x.len(), &mut rng);
        let x: Vec<f32> = x.iter().zip(draws).map(|(x, draw)| x + noise * draw).collect();
        let device = Device::flex();
        (
            Tensor::from_data(TensorData::new(x, [items.len(), 3]), &device),
            Tensor::from_data(TensorData::new(y, [items.len(), 1]), &device),
        )
    }
}

impl Objective<Net> for Product {
    fn items(&self) -> usize {
        50
    }

    fn loss(&self, model: &Net, items: &[usize], seed: u64) -> Result<Tensor<1>, ObjectiveError> {
        self.calls.set(self.calls.get() + 1);
        if let Some((at, flag)) = &self.stop
            && self.calls.get() == *at
        {
            flag.raise();
        }
        let (x, y) = self.data(items, 0.01, seed);
        Ok((model.forward(x) - y).square().mean())
    }

    fn validate(&self, model: &Net) -> Result<Option<f64>, ObjectiveError> {
        let items: Vec<usize> = (100..130).collect();
        let (x, y) = self.data(&items, 0.0, 0);
        let loss = (model.forward(x) - y).square().mean();
        Ok(Some(f64::from(loss.try_into_scalar::<f32>()?)))
    }
}

fn config(epochs: usize) -> TrainConfig {
    TrainConfig {
        epochs,
        batch_size: 16,
        learning_rate: 3e-2,
        warmup_steps: 3,
        clip_norm: Some(0.5),
        ema_decay: Some(0.9),
        weight_decay: 1e-3,
        seed: 3,
        log_every: 2,
        ..TrainConfig::default()
    }
}

fn run(objective: &Product, out: Option<&Path>, stop: &StopFlag) -> Result<Fitted<Net>, TrainingError> {
    let mut silent = Silent;
    let options = FitOptions {
        out,
        identity: "net of the test",
        stop: stop.clone(),
        ..FitOptions::in_memory(&mut silent)
    };
    training::fit(net(), objective, &config(4), options)
}

fn bits(model: &Net) -> Vec<u32> {
    let mut all = Vec::new();
    for layer in [&model.first, &model.second] {
        all.extend(layer.weight.val().try_into_vec_as::<f32>().unwrap());
        all.extend(layer.bias.as_ref().unwrap().val().try_into_vec_as::<f32>().unwrap());
    }
    all.into_iter().map(f32::to_bits).collect()
}

/// One test, since dropout draws from a generator that all threads of a process share.
#[test]
fn resume_is_exact_and_bad_checkpoints_are_refused() {
    let never = StopFlag::new();
    let straight = run(&Product::new(), None, &never).unwrap();
    let first = straight.curve.rows.first().unwrap().train_loss.unwrap();
    let best = straight.best_valid.unwrap();
    assert!(best < 0.8 * first, "{best} {first}");

    let folder = tempfile::tempdir().unwrap();
    let flag = StopFlag::new();
    let stopping = Product {
        stop: Some((11, flag.clone())),
        ..Product::new()
    };
    // Four steps an epoch: stopped in the third epoch, after the checkpoint of the second.
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
    assert!(error.to_string().contains("checkpoint of epoch 2"), "{error}");

    let resumed = Product::new();
    let again = run(&resumed, Some(folder.path()), &never).unwrap();
    assert_eq!(resumed.calls.get(), 8, "only epochs 3 and 4 are trained");
    assert_eq!(bits(&again.last), bits(&straight.last));
    assert_eq!(bits(&again.best), bits(&straight.best));
    assert_eq!(again.curve, straight.curve);
    assert_eq!(again.best_epoch, straight.best_epoch);
    let lines = std::fs::read_to_string(folder.path().join("curve.jsonl")).unwrap();
    assert_eq!(lines.lines().count(), straight.curve.rows.len());

    let finished = Product::new();
    let once_more = run(&finished, Some(folder.path()), &never).unwrap();
    assert_eq!(finished.calls.get(), 0, "a finished run trains no more");
    assert_eq!(bits(&once_more.last), bits(&straight.last));

    let mut silent = Silent;
    let mut options = FitOptions::in_memory(&mut silent);
    options.out = Some(folder.path());
    options.identity = "another net";
    let error = training::fit(net(), &Product::new(), &config(4), options).unwrap_err();
    assert!(error.to_string().contains("belongs to another run"), "{error}");

    let newest = folder.path().join("checkpoints/epoch-000004");
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
