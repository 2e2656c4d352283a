//! Policies: ResNet-18, and the networks of Diffusion Policy.

use bc_policy::{ResNet18, ResNet18Config, RgbEncoder, Unet, UnetConfig};
use burn::module::Module;
use burn::optim::{AdamConfig, GradientsParams};
use burn::tensor::{Device, Distribution, Tensor};
use training::init_seeded;

use crate::{Case, Run};

pub const CASES: &[Case] = &[
    ("resnet18-train-32", || resnet_training(32)),
    ("resnet18-infer-1", || resnet_inference(1)),
    ("resnet18-infer-64", || resnet_inference(64)),
    ("diffusion-unet-train-256", || unet_training(256)),
    ("diffusion-unet-infer-8", || unet_inference(8)),
    ("diffusion-encoder-train-16", || encoder_training(16)),
];

fn resnet() -> ResNet18 {
    init_seeded(0, &Device::flex(), |device| {
        ResNet18Config::new().with_outputs(Some(2)).init(device)
    })
}

/// Forward pass, backward pass and an Adam update.
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

/// Length of the condition vector of the state-based policy.
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

/// Forward and backward pass.
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

/// Forward and backward pass.
fn encoder_training(batch: usize) -> Run {
    let device = Device::flex().autodiff();
    let model = init_seeded(0, &device, |device| RgbEncoder::new(32, device)).train();
    let x = Tensor::<4>::random([batch, 3, 84, 84], Distribution::Normal(0.0, 1.0), &device);
    Box::new(move || {
        let loss = model.forward(x.clone()).square().mean();
        drop(GradientsParams::from_grads(loss.backward(), &model));
    })
}
