//! What `cpu-kernels` computes with kernels of its own on the CPU backend, beside the way that it takes on others.

use burn::nn::conv::Conv2dConfig;
use burn::nn::{BatchNormConfig, GroupNormConfig, PaddingConfig2d};
use burn::tensor::{Device, Tensor};
use cpu_kernels::{
    Classes, NormMish, batch_norm, batch_norm_relu, conv_transpose1d_last, conv1d_last, conv2d, conv2d_with,
    cross_entropy_with_bonus, doubled_with, gelu_tanh, group_norm_silu, mish, norm_mish,
};

use crate::backend::BackendTest;
use crate::compare::{check, check_operation};
use crate::numbers::{flat, model, tensor};

pub(crate) const TESTS: &[BackendTest] = &[
    ("kernel_conv2d", convolution),
    ("kernel_conv1d", convolution_over_sequences),
    ("kernel_batch_norm", batch_normalization),
    ("kernel_group_norm", group_normalization),
    ("kernel_cross_entropy", cross_entropy),
    ("kernel_doubled", doubled),
    ("kernel_activations", activations),
];

fn convolution(device: &Device) {
    check_operation("kernel_conv2d, stride 2", &[108, 108, 4], device, |x| {
        let (frames, weight) = (x[0].clone().reshape([1, 3, 6, 6]), x[1].clone().reshape([4, 3, 3, 3]));
        flat(conv2d_with(frames, weight, Some(x[2].clone()), [2, 2], [1, 1]))
    });
    check_operation("kernel_conv2d, 1 × 1", &[50, 8], device, |x| {
        let (frames, weight) = (x[0].clone().reshape([1, 2, 5, 5]), x[1].clone().reshape([4, 2, 1, 1]));
        flat(conv2d_with(frames, weight, None, [1, 1], [0, 0]))
    });
    let layer = Conv2dConfig::new([2, 3], [3, 5]).with_padding(PaddingConfig2d::Same);
    check(
        "kernel_conv2d, layer",
        model(|d| layer.init(d)),
        device,
        |layer, device| vec![flat(conv2d(layer, tensor("frames", [2, 2, 6, 7], device)))],
    );
}

fn convolution_over_sequences(device: &Device) {
    for (name, stride) in [("kernel_conv1d, stride 1", 1), ("kernel_conv1d, stride 2", 2)] {
        check_operation(name, &[48, 36, 4], device, |x| {
            let (rows, weight) = (x[0].clone().reshape([2, 8, 3]), x[1].clone().reshape([4, 3, 3]));
            flat(conv1d_last(rows, weight, Some(x[2].clone()), stride, 1))
        });
    }
    check_operation("kernel_conv1d, transposed", &[24, 48, 4], device, |x| {
        let (rows, weight) = (x[0].clone().reshape([2, 4, 3]), x[1].clone().reshape([3, 4, 4]));
        flat(conv_transpose1d_last(rows, weight, Some(x[2].clone()), 2, 1))
    });
}

fn batch_normalization(device: &Device) {
    let layer = model(|d| BatchNormConfig::new(4).init(d));
    check("kernel_batch_norm, layer", layer, device, |layer, device| {
        let (x, residual) = (
            tensor("x", [2, 4, 3, 3], device),
            tensor("residual", [2, 4, 3, 3], device),
        );
        vec![
            flat(batch_norm(layer, x.clone())),
            flat(batch_norm_relu(layer, x.clone(), Some(residual))),
            flat(batch_norm_relu(layer, x, None)),
        ]
    });
    check_operation("kernel_batch_norm, inputs", &[72, 72], device, |x| {
        let layer = BatchNormConfig::new(4).init(&x[0].device());
        let [x, residual] = [&x[0], &x[1]].map(|x| x.clone().reshape([2, 4, 3, 3]));
        flat(batch_norm_relu(&layer, x, Some(residual)))
    });
}

fn group_normalization(device: &Device) {
    let layer = model(|d| GroupNormConfig::new(2, 8).init(d));
    check("kernel_group_norm, layer with SiLU", layer, device, |layer, device| {
        vec![flat(group_norm_silu(layer, tensor("x", [2, 8, 3, 3], device)))]
    });
    check_operation("kernel_group_norm, input with SiLU", &[144], device, |x| {
        let layer = GroupNormConfig::new(2, 8).init(&x[0].device());
        flat(group_norm_silu(&layer, x[0].clone().reshape([2, 8, 3, 3])))
    });
    for (name, with_film) in [
        ("kernel_group_norm, Mish", false),
        ("kernel_group_norm, Mish and FiLM", true),
    ] {
        check_operation(name, &[64, 8, 8, 8, 32], device, |x| {
            let film = x[4].clone().reshape([2, 16]);
            let with = NormMish {
                bias: x[1].clone(),
                gamma: x[2].clone(),
                beta: x[3].clone(),
                groups: 4,
                epsilon: 1e-5,
                film: with_film.then(|| film.clone()),
            };
            let y = norm_mish(x[0].clone().reshape([2, 4, 8]), with);
            // Without FiLM its input must have a gradient, too.
            if with_film {
                flat(y)
            } else {
                Tensor::cat(vec![flat(y), flat(film)], 0)
            }
        });
    }
}

fn cross_entropy(device: &Device) {
    let class = |step: usize| (0..10).map(|i| (i * step % 4) as u8).collect();
    let weight = (0..10).map(|i| 0.5 + 0.1 * i as f32).collect();
    let classes = Classes::new(2, class(3), class(7), weight).unwrap();
    check_operation("kernel_cross_entropy", &[40, 1], device, |x| {
        cross_entropy_with_bonus(x[0].clone().reshape([2, 4, 5]), x[1].clone(), classes.clone())
    });
}

fn doubled(device: &Device) {
    check_operation("kernel_doubled", &[36, 72], device, |x| {
        let finer = x[1].clone().reshape([2, 1, 6, 6]);
        flat(doubled_with(x[0].clone().reshape([2, 2, 3, 3]), finer))
    });
}

fn activations(device: &Device) {
    check_operation("kernel_activations, GELU", &[24], device, |x| {
        gelu_tanh(x[0].clone().mul_scalar(4.0))
    });
    check_operation("kernel_activations, Mish", &[24], device, |x| {
        mish(x[0].clone().mul_scalar(4.0))
    });
}
