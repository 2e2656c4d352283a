//! Layers over short sequences compared with Burn's own, gradients included.

#![allow(clippy::unwrap_used)]

use burn::nn::GroupNormConfig;
use burn::tensor::activation::mish as plain_mish;
use burn::tensor::module::{conv_transpose1d, conv1d};
use burn::tensor::ops::{ConvOptions, ConvTransposeOptions};
use burn::tensor::{Device, Distribution, Tensor};
use cpu_kernels::{NormMish, conv_transpose1d_last, conv1d_last, mish, norm_mish};

fn random<const D: usize>(shape: [usize; D], device: &Device) -> Tensor<D> {
    let values = Tensor::random(shape, Distribution::Normal(0.0, 1.0), device);
    if device.is_autodiff() {
        values.require_grad()
    } else {
        values
    }
}

fn assert_close<const D: usize>(a: Tensor<D>, b: Tensor<D>) {
    assert_eq!(a.dims(), b.dims());
    let worst: f32 = (a.without_autodiff() - b.without_autodiff()).abs().max().into_scalar();
    assert!(worst < 2e-4, "{worst}");
}

#[test]
fn convolutions_are_those_of_burn() {
    let device = Device::flex().autodiff();
    for (kernel, stride, padding) in [(5, 1, 2), (3, 2, 1), (1, 1, 0), (7, 1, 3)] {
        let x = random([9, 16, 6], &device);
        let (w, b) = (random([4, 6, kernel], &device), random([4], &device));
        let kernels = conv1d_last(x.clone(), w.clone(), Some(b.clone()), stride, padding);
        let options = ConvOptions::new([stride], [padding], [1], 1);
        let plain = conv1d(x.clone().swap_dims(1, 2), w.clone(), Some(b.clone()), options).swap_dims(1, 2);
        compare(kernels, plain, &x, &w, &b);
    }
    for (kernel, stride, padding) in [(4, 2, 1), (3, 1, 1)] {
        let x = random([9, 8, 6], &device);
        let (w, b) = (random([6, 4, kernel], &device), random([4], &device));
        let kernels = conv_transpose1d_last(x.clone(), w.clone(), Some(b.clone()), stride, padding);
        let options = ConvTransposeOptions::new([stride], [padding], [0], [1], 1);
        let plain = conv_transpose1d(x.clone().swap_dims(1, 2), w.clone(), Some(b.clone()), options).swap_dims(1, 2);
        compare(kernels, plain, &x, &w, &b);
    }
}

fn compare(kernels: Tensor<3>, plain: Tensor<3>, x: &Tensor<3>, w: &Tensor<3>, b: &Tensor<1>) {
    assert_close(kernels.clone(), plain.clone());
    // A loss that weights every output differently.
    let weight = random(plain.dims(), &Device::flex());
    let kernels = (kernels * Tensor::from_data(weight.to_data(), &x.device()))
        .sum()
        .backward();
    let plain = (plain * Tensor::from_data(weight.to_data(), &x.device()))
        .sum()
        .backward();
    assert_close(x.grad(&kernels).unwrap(), x.grad(&plain).unwrap());
    assert_close(w.grad(&kernels).unwrap(), w.grad(&plain).unwrap());
    assert_close(b.grad(&kernels).unwrap(), b.grad(&plain).unwrap());
}

#[test]
fn normalization_mish_and_film_are_those_of_burn() {
    let device = Device::flex().autodiff();
    for filmed in [false, true] {
        let x = random([19, 8, 12], &device);
        let (bias, gamma, beta) = (random([12], &device), random([12], &device), random([12], &device));
        let film = filmed.then(|| random([19, 24], &device));
        let with = NormMish {
            bias: bias.clone(),
            gamma: gamma.clone(),
            beta: beta.clone(),
            groups: 4,
            epsilon: 1e-5,
            film: film.clone(),
        };
        let kernels = norm_mish(x.clone(), with);
        let row = |row: &Tensor<1>| row.clone().reshape([1, 1, 12]);
        let normed = (x.clone() + row(&bias)).swap_dims(1, 2);
        let normed = GroupNormConfig::new(4, 12)
            .init(&device)
            .forward(normed)
            .swap_dims(1, 2);
        let mut plain = plain_mish(normed * row(&gamma) + row(&beta));
        if let Some(film) = &film {
            let film = film.clone().reshape([19, 2, 12]);
            plain = plain * film.clone().narrow(1, 0, 1) + film.narrow(1, 1, 1);
        }
        assert_close(kernels.clone(), plain.clone());
        let weight = random(plain.dims(), &Device::flex());
        let kernels = (kernels * Tensor::from_data(weight.to_data(), &device))
            .sum()
            .backward();
        let plain = (plain * Tensor::from_data(weight.to_data(), &device)).sum().backward();
        assert_close(x.grad(&kernels).unwrap(), x.grad(&plain).unwrap());
        for row in [&bias, &gamma, &beta] {
            assert_close(row.grad(&kernels).unwrap(), row.grad(&plain).unwrap());
        }
        if let Some(film) = film {
            assert_close(film.grad(&kernels).unwrap(), film.grad(&plain).unwrap());
        }
    }
}

#[test]
fn mish_is_that_of_burn() {
    let device = Device::flex().autodiff();
    let x = random([7, 33], &device).mul_scalar(6.0).detach().require_grad();
    let (kernels, plain) = (mish(x.clone()), plain_mish(x.clone()));
    assert_close(kernels.clone(), plain.clone());
    let (kernels, plain) = (kernels.square().sum().backward(), plain.square().sum().backward());
    assert_close(x.grad(&kernels).unwrap(), x.grad(&plain).unwrap());
}

#[test]
fn results_do_not_depend_on_the_rest_of_the_batch() {
    let device = Device::flex();
    let x = random([33, 16, 8], &device);
    let with = |batch| NormMish {
        bias: Tensor::ones([8], &device),
        gamma: Tensor::ones([8], &device),
        beta: Tensor::zeros([8], &device),
        groups: 2,
        epsilon: 1e-5,
        film: Some(Tensor::ones([batch, 16], &device)),
    };
    let all = norm_mish(x.clone(), with(33)).narrow(0, 30, 1).into_data();
    assert_eq!(norm_mish(x.narrow(0, 30, 1), with(1)).into_data(), all);
}
