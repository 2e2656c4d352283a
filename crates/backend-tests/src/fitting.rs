//! Whole training steps: loss, gradients, clipping, AdamW, and the average of the weights.

use std::time::Instant;

use bc_policy::{Cnn, ResNet18Config, Unet};
use burn::module::Module;
use burn::tensor::{Device, Tensor};
use pusht_training::JobContext;
use training::{FitOptions, Objective, ObjectiveError, Precision, Step, TrainConfig, fit};

use crate::backend::BackendTest;
use crate::compare::{BACKWARD, Named, weights};
use crate::numbers::{model, tensor};
use crate::policies::unet_config;
use crate::worlds::{noisy_clips, object_config};

pub(crate) const TESTS: &[BackendTest] = &[
    ("steps_cnn", cnn),
    ("steps_resnet18", resnet18),
    ("steps_diffusion_lowdim", diffusion_lowdim),
    ("steps_object", object),
];

/// Largest difference of the change of all weights, relative to its length: AdamW divides a gradient by its size, so that
/// rounding turns the steps of weights whose gradient is nearly zero.
const CHANGE: f64 = 0.02;

/// A loss without data.
pub(crate) struct Loss<F> {
    pub(crate) run: F,
    pub(crate) device: Device,
}

impl<M, F: Fn(&M, &Device) -> Tensor<1>> Objective<M> for Loss<F> {
    fn items(&self) -> usize {
        1
    }

    fn loss(&self, model: &M, _: &[usize], _: Step) -> Result<Tensor<1>, ObjectiveError> {
        Ok((self.run)(model, &self.device.clone().autodiff()))
    }

    fn precisions(&self) -> &'static [Precision] {
        &[Precision::F32, Precision::Bf16]
    }

    fn validate(&self, _: &M) -> Result<Option<f64>, ObjectiveError> {
        Ok(None)
    }
}

fn check_steps<M: Module>(
    name: &str,
    model: &M,
    device: &Device,
    run: impl Fn(&M, &Device) -> Tensor<1> + Copy + Sync,
) {
    let start = Instant::now();
    let config = TrainConfig {
        epochs: 1,
        steps_per_epoch: Some(3),
        batch_size: 1,
        learning_rate: 1e-2,
        weight_decay: 1e-2,
        clip_norm: Some(0.5),
        ema_decay: Some(0.5),
        log_every: 1,
        ..TrainConfig::default()
    };
    let before = weights(model);
    let trained = |device: &Device| {
        let loss = Loss {
            run,
            device: device.clone(),
        };
        let model = model.clone().to_device(device).train();
        let fitted = fit(model, &loss, &config, FitOptions::in_memory(&mut JobContext::silent())).unwrap();
        let losses: Vec<f64> = fitted.curve.rows.iter().filter_map(|row| row.train_loss).collect();
        (losses, change(&before, &weights(&fitted.last)))
    };
    let ((cpu_losses, cpu), (losses, other)) = (trained(&Device::flex()), trained(device));
    assert_eq!(cpu_losses.len(), 3, "{cpu_losses:?}");
    let length = |x: &mut dyn Iterator<Item = f64>| x.map(|x| x * x).sum::<f64>().sqrt();
    let off = length(&mut cpu.iter().zip(&other).map(|(a, b)| a - b)) / length(&mut cpu.iter().copied());
    let pairs = cpu_losses.iter().zip(&losses);
    let loss = pairs.map(|(a, b)| (a - b).abs() / a.abs()).fold(0.0, f64::max);
    println!(
        "measured {name}: three updates, losses {loss:.1e}, change of the weights {off:.1e} in {:.1} s",
        start.elapsed().as_secs_f64()
    );
    assert!(loss <= BACKWARD, "{cpu_losses:?} {losses:?}");
    assert!(off <= CHANGE, "the change of the weights is {off:.1e} off");
}

fn change(before: &Named, after: &Named) -> Vec<f64> {
    let values = |named: &Named| -> Vec<f64> {
        named
            .iter()
            .flat_map(|(_, values)| values)
            .map(|x| f64::from(*x))
            .collect()
    };
    values(after).iter().zip(values(before)).map(|(a, b)| a - b).collect()
}

fn cnn(device: &Device) {
    check_steps("steps_cnn", &model(|d| Cnn::new(12, 2, d)), device, |net, device| {
        let found = net.forward(tensor("frames", [2, 3, 12, 12], device));
        (found - tensor("actions", [2, 2], device)).square().mean()
    });
}

/// With the running statistics of its batch norms.
fn resnet18(device: &Device) {
    let config = ResNet18Config::new().with_outputs(Some(2)).with_width(8);
    check_steps("steps_resnet18", &model(|d| config.init(d)), device, |net, device| {
        let found = net.forward(tensor("frames", [3, 3, 64, 64], device));
        (found - tensor("actions", [3, 2], device)).square().mean()
    });
}

fn diffusion_lowdim(device: &Device) {
    let net = model(|d| Unet::new(&unet_config(), 2, 6, d));
    check_steps("steps_diffusion_lowdim", &net, device, |net, device| {
        let (actions, observed) = (tensor("actions", [2, 8, 2], device), tensor("observed", [2, 6], device));
        let found = net.forward(actions, &[3, 40], observed);
        (found - tensor("noise", [2, 8, 2], device)).square().mean()
    });
}

fn object(device: &Device) {
    check_steps(
        "steps_object",
        &model(|d| object_config().init(d)),
        device,
        |net, device| {
            let (clips, scales) = noisy_clips(device);
            (net.forward(clips, &scales) - tensor("velocity", [2, 5, 6], device))
                .square()
                .mean()
        },
    );
}
