//! The network of the pixel world: a training step and a forward pass.

use burn::module::Module;
use burn::optim::{AdamWConfig, GradientsParams};
use burn::tensor::{Device, Distribution, Tensor};
use cpu_kernels::{Classes, cross_entropy_with_bonus};
use pixel_world::{Net, NetConfig};
use rand::{RngExt, SeedableRng};
use training::{clip_global_norm, init_seeded};

use crate::{Case, Run};

pub const CASES: &[Case] = &[
    ("pixel-world-train-32", || training(32)),
    // PyTorch's arithmetic is in bf16.
    ("pixel-world-train-32-bf16", || training(32)),
    ("pixel-world-infer-32", || inference(32)),
    ("pixel-world-infer-1", || inference(1)),
];

const COLORS: usize = 24;
const PIXELS: usize = 4096;

fn net(device: &Device) -> Net {
    init_seeded(0, device, |device| NetConfig::default().init(device))
}

fn images(batch: usize, device: &Device) -> Tensor<4> {
    Tensor::random([batch, 180, 16, 16], Distribution::Normal(0.0, 1.0), device)
}

/// Forward pass, loss, backward pass, clipping and an AdamW update.
fn training(batch: usize) -> Run {
    let device = Device::flex().autodiff();
    let mut model = net(&device).train();
    let mut optimizer = AdamWConfig::new().with_weight_decay(1e-3).init();
    let x = images(batch, &device);
    let mut rng = rand_pcg::Pcg64::seed_from_u64(0);
    let count = batch * PIXELS;
    let mut colors = || (0..count).map(|_| rng.random_range(0..COLORS as u8)).collect();
    let (last, target): (Vec<u8>, Vec<u8>) = (colors(), colors());
    let weight = (0..count).map(|_| rng.random()).collect();
    let classes = Classes::new(batch, last, target, weight).expect("as many of each");
    Box::new(move || {
        let scores = model.forward(x.clone()).reshape([batch, COLORS, PIXELS]);
        let loss = cross_entropy_with_bonus(scores, model.keep(), classes.clone());
        let grads = GradientsParams::from_grads(loss.backward(), &model);
        let grads = clip_global_norm(&model, grads, 1.0);
        model = optimizer.step(1e-4, model.clone(), grads);
    })
}

fn inference(batch: usize) -> Run {
    let device = Device::flex();
    let model = net(&device);
    let x = images(batch, &device);
    Box::new(move || drop(model.forward(x.clone()).into_data()))
}
