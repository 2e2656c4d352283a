//! Networks of the policies and of inverse dynamics.

use bc_policy::{Cnn, Mlp, NormKind, ResNet18Config, RgbEncoder, Unet, UnetConfig};
use burn::tensor::Device;
use idm::{WINDOW, WindowNet};

use crate::backend::BackendTest;
use crate::compare::{check, check_forward};
use crate::numbers::{flat, model, tensor};

pub(crate) const TESTS: &[BackendTest] = &[
    ("cnn", cnn),
    ("resnet18", resnet18),
    ("resnet18_group_norm", resnet18_group_norm),
    ("tracked", tracked),
    ("diffusion_lowdim", diffusion_lowdim),
    ("diffusion_image", diffusion_image),
    ("learned_inverse_dynamics", learned_inverse_dynamics),
];

fn cnn(device: &Device) {
    check("cnn", model(|d| Cnn::new(12, 2, d)), device, |net, device| {
        vec![flat(net.forward(tensor("frames", [2, 3, 12, 12], device)))]
    });
}

/// Batch normalization with running statistics in evaluation and those of the batch in training.
fn resnet18(device: &Device) {
    let config = ResNet18Config::new().with_outputs(Some(2)).with_width(8);
    check("resnet18", model(|d| config.init(d)), device, |net, device| {
        vec![flat(net.forward(tensor("frames", [3, 3, 64, 64], device)))]
    });
}

fn resnet18_group_norm(device: &Device) {
    let config = ResNet18Config::new()
        .with_outputs(None)
        .with_width(8)
        .with_norm(NormKind::Group { channels: 4 });
    check(
        "resnet18_group_norm",
        model(|d| config.init(d)),
        device,
        |net, device| vec![flat(net.forward(tensor("frames", [1, 3, 64, 64], device)))],
    );
}

fn tracked(device: &Device) {
    check(
        "tracked",
        model(|d| Mlp::new(&[10, 16, 16, 4], d)),
        device,
        |net, device| vec![flat(net.forward(tensor("features", [3, 10], device)))],
    );
}

/// The small sizes of the tests of `bc-policy`.
pub(crate) fn unet_config() -> UnetConfig {
    UnetConfig {
        down_dims: vec![8, 16],
        kernel_size: 3,
        n_groups: 4,
        step_embed_dim: 8,
        film_scale: true,
    }
}

fn diffusion_lowdim(device: &Device) {
    check(
        "diffusion_lowdim",
        model(|d| Unet::new(&unet_config(), 2, 6, d)),
        device,
        |net, device| {
            let (actions, observed) = (tensor("actions", [2, 8, 2], device), tensor("observed", [2, 6], device));
            vec![flat(net.forward(actions, &[3, 40], observed))]
        },
    );
}

/// The encoder has the published widths, 11 million weights; its gradients are those of `resnet18_group_norm` and of the
/// layers.
fn diffusion_image(device: &Device) {
    check_forward(
        "diffusion_image",
        model(|d| RgbEncoder::new(4, d)),
        device,
        |net, device| vec![flat(net.forward(tensor("frames", [1, 3, 64, 64], device)))],
    );
}

fn learned_inverse_dynamics(device: &Device) {
    let net = model(|d| WindowNet::new(8, d));
    check("learned_inverse_dynamics", net, device, |net, device| {
        let seen = net.forward(tensor("frames", [WINDOW, 3, 16, 16], device), WINDOW);
        vec![flat(seen.places), flat(seen.actions), flat(seen.log_deviations)]
    });
}
