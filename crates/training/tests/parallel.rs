//! Parallel runs in one process do not change each other, nor does the number of threads.

#![allow(clippy::unwrap_used)]

mod common;

use burn::Tensor;
use burn::module::Module;
use burn::nn::{Dropout, DropoutConfig, Linear, LinearConfig};
use burn::tensor::Device;
use common::{Net, Product, bits, config};
use pusht_jobs::JobContext;
use training::{FitOptions, Objective, ObjectiveError, Step, TrainConfig, TrainingError};

fn train(seed: u64) -> Vec<u32> {
    let settings = TrainConfig { seed, ..config(10) };
    let mut silent = JobContext::silent();
    let options = FitOptions::in_memory(&mut silent);
    let fitted = training::fit(Net::new(300, true, seed), &Product::new(), &settings, options).unwrap();
    bits(&fitted.last)
}

#[test]
fn two_runs_side_by_side_equal_the_same_two_in_turn() {
    let seeds = [1, 2];
    let in_turn = seeds.map(train);
    assert_ne!(in_turn[0], in_turn[1]);
    for _ in 0..3 {
        let side_by_side = std::thread::scope(|scope| {
            seeds
                .map(|seed| scope.spawn(move || train(seed)))
                .map(|thread| thread.join().unwrap())
        });
        assert_eq!(side_by_side, in_turn);
    }
}

#[derive(Module, Debug)]
struct Block {
    linear: Linear,
    drop: Dropout,
}

#[derive(Module, Debug)]
struct Dropping {
    blocks: Vec<Block>,
}

struct Nothing;

impl Objective<Dropping> for Nothing {
    fn items(&self) -> usize {
        64
    }

    fn loss(&self, model: &Dropping, _: &[usize], _: Step) -> Result<Tensor<1>, ObjectiveError> {
        Ok(model.blocks[0].linear.weight.val().sum())
    }

    fn validate(&self, _: &Dropping) -> Result<Option<f64>, ObjectiveError> {
        Ok(None)
    }
}

#[test]
fn a_model_that_draws_from_the_generator_of_the_process_is_refused() {
    let model = training::init_seeded(0, &Device::flex(), |device| Dropping {
        blocks: vec![Block {
            linear: LinearConfig::new(2, 2).init(device),
            drop: DropoutConfig::new(0.1).init(),
        }],
    });
    let mut silent = JobContext::silent();
    let options = FitOptions::in_memory(&mut silent);
    let error = training::fit(model, &Nothing, &TrainConfig::default(), options).unwrap_err();
    assert!(
        matches!(&error, TrainingError::SharedGenerator { layer } if layer == "blocks.0.drop"),
        "{error}"
    );
}
