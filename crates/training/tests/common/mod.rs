//! A small network with every kind of state (weights, batch statistics) and something to learn.

#![allow(clippy::unwrap_used, dead_code, reason = "each test file uses a part of it")]

use burn::Tensor;
use burn::module::{Module, ModuleVisitor, Param};
use burn::nn::{BatchNorm, BatchNormConfig, Linear, LinearConfig};
use burn::tensor::activation::tanh;
use burn::tensor::{Device, FloatDType, TensorData};
use pusht_jobs::CancelFlag;
use rand::SeedableRng;
use rand_pcg::Pcg64;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use training::{Objective, ObjectiveError, Precision, Step, TrainConfig};

#[derive(Module, Debug)]
pub struct Net {
    first: Linear,
    norm: Option<BatchNorm>,
    second: Linear,
}

impl Net {
    pub fn new(width: usize, norm: bool, seed: u64) -> Self {
        training::init_seeded(seed, &Device::flex(), |device| Self {
            first: LinearConfig::new(3, width).init(device),
            norm: norm.then(|| BatchNormConfig::new(width).init(device)),
            second: LinearConfig::new(width, 1).init(device),
        })
    }

    fn forward(&self, x: Tensor<2>) -> Tensor<2> {
        let x = self.first.forward(x);
        let x = match &self.norm {
            Some(norm) => norm.forward(x),
            None => x,
        };
        self.second.forward(tanh(x))
    }
}

/// All weights and statistics.
pub fn bits<M: Module>(model: &M) -> Vec<u32> {
    struct Bits(Vec<u32>);
    impl ModuleVisitor for Bits {
        fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
            let values = param.val().without_autodiff().try_into_vec_as::<f32>().unwrap();
            self.0.extend(values.into_iter().map(f32::to_bits));
        }
    }
    let mut bits = Bits(Vec::new());
    model.visit(&mut bits);
    bits.0
}

/// Learns the product of two of three numbers.
pub struct Product {
    /// Standard deviation of the noise on the input.
    pub noise: f32,
    /// Flag to raise at a call of `loss`, counted from 1.
    pub stop: Option<(usize, CancelFlag)>,
    /// Number of calls of `loss`.
    pub calls: AtomicUsize,
    /// Scale of the labels; NaN makes them invalid.
    pub scale: f32,
    /// Delay of every step.
    pub delay: Duration,
    /// Results of `validate`, by call; the actual loss if there is no entry.
    pub valid: Vec<f64>,
    pub validations: AtomicUsize,
}

impl Product {
    pub fn new() -> Self {
        Self {
            noise: 0.01,
            stop: None,
            calls: 0.into(),
            scale: 1.0,
            delay: Duration::ZERO,
            valid: Vec::new(),
            validations: 0.into(),
        }
    }

    pub fn calls(&self) -> usize {
        self.calls.load(Ordering::SeqCst)
    }

    /// Continues with the `validate` results of another objective.
    pub fn after(self, other: &Self) -> Self {
        self.validations
            .store(other.validations.load(Ordering::SeqCst), Ordering::SeqCst);
        self
    }

    fn data(&self, items: &[usize], noise: f32, seed: u64) -> (Tensor<2>, Tensor<2>) {
        let mut rng = Pcg64::seed_from_u64(seed);
        let x: Vec<f32> = items
            .iter()
            .flat_map(|&i| [(i as f32).sin(), (i as f32 * 0.7).cos(), (i as f32 * 1.3).sin()])
            .collect();
        let y: Vec<f32> = x.chunks(3).map(|x| x[0] * x[1] * self.scale).collect();
        let draws = nn_kit::normal(x.len(), &mut rng);
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

    fn loss(&self, model: &Net, items: &[usize], step: Step) -> Result<Tensor<1>, ObjectiveError> {
        let call = self.calls.fetch_add(1, Ordering::SeqCst) + 1;
        std::thread::sleep(self.delay);
        if let Some((at, flag)) = &self.stop
            && call == *at
        {
            flag.cancel();
        }
        let (x, y) = self.data(items, self.noise, step.seed);
        let x = training::to_compute_dtype(model, x);
        Ok((model.forward(x).cast(FloatDType::F32) - y).square().mean())
    }

    fn precisions(&self) -> &'static [Precision] {
        &[Precision::F32, Precision::Bf16]
    }

    fn validate(&self, model: &Net) -> Result<Option<f64>, ObjectiveError> {
        let call = self.validations.fetch_add(1, Ordering::SeqCst);
        if let Some(loss) = self.valid.get(call) {
            return Ok(Some(*loss));
        }
        let items: Vec<usize> = (100..130).collect();
        let (x, y) = self.data(&items, 0.0, 0);
        let loss = (model.forward(x) - y).square().mean();
        Ok(Some(f64::from(loss.try_into_scalar::<f32>()?)))
    }
}

/// Settings that use every part of the state: warm-up, decay, clipping, average.
pub fn config(epochs: usize) -> TrainConfig {
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
