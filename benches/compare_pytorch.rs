//! The Rust side of `compare_pytorch.py`, which is the one to start: reads lines `CASE TIMES` and answers each with the
//! milliseconds of so many runs, as a JSON list. A case is set up and warmed up at its first line.
//!
//! A new case is a function that returns what to time, and a line in `CASES`; the script has the same table.
#![recursion_limit = "256"]
#![allow(missing_docs, clippy::print_stdout)]

use std::collections::HashMap;
use std::io::stdin;
use std::time::Instant;

use bc_policy::{ResNet18, ResNet18Config, RgbEncoder, Unet, UnetConfig};
use burn::module::Module;
use burn::optim::{AdamConfig, GradientsParams};
use burn::tensor::{Device, Distribution, Tensor};
use idm::WindowNet;
use training::init_seeded;

/// One run of what is timed, results read back.
type Run = Box<dyn FnMut()>;

/// Name and set-up.
type Case = (&'static str, fn() -> Run);

/// Every case.
const CASES: [Case; 7] = [
    ("resnet18-train-32", || resnet_training(32)),
    ("resnet18-infer-1", || resnet_inference(1)),
    ("resnet18-infer-64", || resnet_inference(64)),
    ("diffusion-unet-train-256", || unet_training(256)),
    ("diffusion-unet-infer-8", || unet_inference(8)),
    ("diffusion-encoder-train-16", || encoder_training(16)),
    ("idm-learned-infer-48", || idm_inference(48)),
];

fn resnet() -> ResNet18 {
    init_seeded(0, &Device::flex(), |device| {
        ResNet18Config::new().with_outputs(Some(2)).init(device)
    })
}

/// Forward, backward and an update by Adam.
fn resnet_training(batch: usize) -> Run {
    let device = Device::flex().autodiff();
    let mut model = resnet().train();
    let mut optimizer = AdamConfig::new().init();
    let x = Tensor::<4>::random([batch, 3, 96, 96], Distribution::Normal(0.0, 1.0), &device);
    let y = Tensor::<2>::zeros([batch, 2], &device);
    Box::new(move || {
        let loss = (model.forward(x.clone()) - y.clone()).square().mean();
        let grads = GradientsParams::from_grads(loss.backward(), &model);
        model = optimizer.step(1e-4, model.clone(), grads);
    })
}

fn resnet_inference(batch: usize) -> Run {
    let device = Device::flex();
    let model = resnet();
    let x = Tensor::<4>::random([batch, 3, 96, 96], Distribution::Normal(0.0, 1.0), &device);
    Box::new(move || {
        drop(model.forward(x.clone()).into_data());
    })
}

/// Numbers of the condition of the policy on states.
const CONDITION: usize = 60;

fn unet(device: &Device) -> Unet {
    init_seeded(0, device, |device| {
        Unet::new(&UnetConfig::default(), 2, CONDITION, device)
    })
}

fn unet_input(batch: usize, device: &Device) -> (Tensor<3>, Vec<usize>, Tensor<2>) {
    let normal = Distribution::Normal(0.0, 1.0);
    let steps = (0..batch).map(|i| i % 100).collect();
    (
        Tensor::random([batch, 16, 2], normal, device),
        steps,
        Tensor::random([batch, CONDITION], normal, device),
    )
}

/// Forward and backward.
fn unet_training(batch: usize) -> Run {
    let device = Device::flex().autodiff();
    let model = unet(&device).train();
    let (x, steps, condition) = unet_input(batch, &device);
    Box::new(move || {
        let loss = model.forward(x.clone(), &steps, condition.clone()).square().mean();
        drop(GradientsParams::from_grads(loss.backward(), &model));
    })
}

fn unet_inference(batch: usize) -> Run {
    let device = Device::flex();
    let model = unet(&device).valid();
    let (x, steps, condition) = unet_input(batch, &device);
    Box::new(move || {
        drop(model.forward(x.clone(), &steps, condition.clone()).into_data());
    })
}

/// Forward and backward.
fn encoder_training(batch: usize) -> Run {
    let device = Device::flex().autodiff();
    let model = init_seeded(0, &device, |device| RgbEncoder::new(32, device)).train();
    let x = Tensor::<4>::random([batch, 3, 84, 84], Distribution::Normal(0.0, 1.0), &device);
    Box::new(move || {
        let loss = model.forward(x.clone()).square().mean();
        drop(GradientsParams::from_grads(loss.backward(), &model));
    })
}

/// Windows of one video, as when labelling.
fn idm_inference(windows: usize) -> Run {
    let device = Device::flex();
    let model = init_seeded(0, &device, |device| WindowNet::new(256, device));
    let frames = windows + idm::WINDOW - 1;
    let x = Tensor::<4>::random([frames, 3, 96, 96], Distribution::Normal(0.0, 1.0), &device);
    Box::new(move || {
        drop(model.forward(x.clone(), frames).actions.into_data());
    })
}

fn main() {
    let mut runs: HashMap<String, Run> = HashMap::new();
    for line in stdin().lines() {
        let line = line.expect("standard input is text");
        let (case, times) = line.split_once(' ').expect("a case and how often");
        let times: usize = times.parse().expect("how often is a number");
        let run = runs.entry(case.to_owned()).or_insert_with(|| {
            let found = CASES.iter().find(|(name, _)| *name == case);
            let (_, set_up) = found.expect("the case is in the table");
            let mut run = set_up();
            run();
            run();
            run
        });
        let spent: Vec<String> = (0..times)
            .map(|_| {
                let start = Instant::now();
                run();
                format!("{:.4}", start.elapsed().as_secs_f64() * 1e3)
            })
            .collect();
        println!("[{}]", spent.join(","));
    }
}
