//! Layers over feature maps: against PyTorch's recordings (`fixtures/make_maps.py`) and Burn's own layers; and that what
//! becomes of an image does not depend on the others in the batch, bit for bit.

#![allow(clippy::unwrap_used)]

use burn::module::Param;
use burn::nn::conv::{Conv2d, Conv2dConfig};
use burn::nn::{GroupNorm, GroupNormConfig, PaddingConfig2d};
use burn::tensor::activation::silu;
use burn::tensor::{Device, Distribution, Tensor, TensorData};
use cpu_kernels::{Classes, conv2d, cross_entropy_with_bonus, doubled_with, group_norm_silu};
use serde_json::Value;

/// sin(0.7 i + seed) for the index i.
fn filled<const D: usize>(shape: [usize; D], seed: f64) -> Tensor<D> {
    let count = shape.iter().product();
    let values: Vec<f32> = (0..count).map(|i| (0.7 * i as f64 + seed).sin() as f32).collect();
    Tensor::from_data(TensorData::new(values, shape), &Device::flex().autodiff()).require_grad()
}

fn values<const D: usize>(x: Tensor<D>) -> Vec<f32> {
    x.into_data().try_to_vec().unwrap()
}

fn bits<const D: usize>(x: Tensor<D>) -> Vec<u32> {
    values(x).into_iter().map(f32::to_bits).collect()
}

fn assert_near(what: &str, ours: &[f32], theirs: &[f32]) {
    assert_eq!(ours.len(), theirs.len(), "{what}");
    let largest = theirs.iter().fold(1.0_f32, |largest, x| largest.max(x.abs()));
    let error = ours.iter().zip(theirs).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max) / largest;
    assert!(error < 3e-6, "{what}: {error} off");
}

fn assert_recorded<const D: usize>(case: &str, y: Tensor<D>, inputs: &[Vec<f32>]) {
    let recorded: Value = serde_json::from_str(include_str!("fixtures/maps.json")).unwrap();
    let read = |value: &Value| -> Vec<f32> {
        let numbers = value.as_array().unwrap().iter();
        numbers.map(|x| x.as_f64().unwrap() as f32).collect()
    };
    assert_near(case, &values(y.without_autodiff()), &read(&recorded[case]["y"]));
    for (index, gradient) in inputs.iter().enumerate() {
        let what = format!("{case}, gradient {index}");
        assert_near(&what, gradient, &read(&recorded[case]["gradients"][index]));
    }
}

fn convolution(channels: [usize; 2], kernel: usize, stride: usize, device: &Device) -> Conv2d {
    let padding = kernel / 2;
    Conv2dConfig::new(channels, [kernel, kernel])
        .with_stride([stride, stride])
        .with_padding(PaddingConfig2d::Explicit(padding, padding, padding, padding))
        .init(device)
}

#[test]
fn convolutions_are_those_of_pytorch() {
    for (case, size, stride) in [("conv", 4, 1), ("conv_stride_2", 8, 2)] {
        let mut layer = convolution([2, 3], 3, stride, &Device::flex().autodiff());
        let (x, weight, bias) = (
            filled([2, 2, size, size], 1.0),
            filled([3, 2, 3, 3], 2.0),
            filled([3], 3.0),
        );
        (layer.weight, layer.bias) = (
            Param::from_tensor(weight.clone()),
            Some(Param::from_tensor(bias.clone())),
        );
        let y = conv2d(&layer, x.clone());
        let grads = (y.clone() * filled(y.dims(), 9.0)).sum().backward();
        let of_bias = layer.bias.unwrap().val().grad(&grads).unwrap();
        let of_weight = layer.weight.val().grad(&grads).unwrap();
        let gradients = [values(x.grad(&grads).unwrap()), values(of_weight), values(of_bias)];
        assert_recorded(case, y, &gradients);
    }
}

/// Output and gradients of a norm with SiLU.
fn normed(
    layer: &GroupNorm,
    x: Tensor<4>,
    run: impl Fn(&GroupNorm, Tensor<4>) -> Tensor<4>,
) -> (Tensor<4>, [Vec<f32>; 3]) {
    let y = run(layer, x.clone());
    let grads = (y.clone() * filled(y.dims(), 9.0)).sum().backward();
    let [gamma, beta] = [&layer.gamma, &layer.beta].map(|x| x.as_ref().unwrap().val().grad(&grads).unwrap());
    (y, [values(x.grad(&grads).unwrap()), values(gamma), values(beta)])
}

fn norm(groups: usize, channels: usize) -> GroupNorm {
    let mut layer = GroupNormConfig::new(groups, channels).init(&Device::flex().autodiff());
    layer.gamma = Some(Param::from_tensor(filled([channels], 2.0)));
    layer.beta = Some(Param::from_tensor(filled([channels], 3.0)));
    layer
}

#[test]
fn group_norm_with_silu_is_that_of_pytorch() {
    let (y, gradients) = normed(&norm(2, 4), filled([2, 4, 4, 4], 1.0), group_norm_silu);
    assert_recorded("norm_silu", y, &gradients);
}

#[test]
fn a_doubled_map_is_that_of_pytorch() {
    let (x, finer) = (filled([2, 3, 2, 3], 1.0), filled([2, 1, 4, 6], 2.0));
    let y = doubled_with(x.clone(), finer.clone());
    let grads = (y.clone() * filled(y.dims(), 9.0)).sum().backward();
    let gradients = [values(x.grad(&grads).unwrap()), values(finer.grad(&grads).unwrap())];
    assert_recorded("doubled", y, &gradients);
}

#[test]
fn cross_entropy_is_that_of_pytorch() {
    let (scores, bonus) = (filled([2, 5, 12], 1.0), filled([1], 2.0));
    let class = |f: fn(u8) -> u8| (0..24).map(f).collect();
    let weight = (0..24).map(|i| 1.0 + i as f32 / 10.0).collect();
    let classes = Classes::new(2, class(|i| i * 5 % 7 % 5), class(|i| i * 3 % 5), weight).unwrap();
    let loss = cross_entropy_with_bonus(scores.clone(), bonus.clone(), classes);
    let grads = (loss.clone() * filled([1], 9.0)).sum().backward();
    let gradients = [
        values(scores.grad(&grads).unwrap()),
        values(bonus.grad(&grads).unwrap()),
    ];
    assert_recorded("cross_entropy", loss, &gradients);
}

#[test]
fn group_norm_with_silu_is_that_of_burn() {
    // Whole vectors and rests, one channel in a group, one group, a constant map.
    for (shape, groups) in [([3, 12, 8, 8], 4), ([2, 6, 5, 7], 6), ([4, 5, 1, 3], 1)] {
        for scale in [1.0, 0.0, 40.0] {
            let (layer, x) = (
                norm(groups, shape[1]),
                filled(shape, 0.5).mul_scalar(scale).detach().require_grad(),
            );
            let (y, gradients) = normed(&layer, x.clone(), group_norm_silu);
            let (plain_y, plain) = normed(&layer, x, |layer, x| silu(layer.forward(x)));
            let what = format!("{shape:?}, {groups} groups, scale {scale}");
            assert_near(&what, &values(y), &values(plain_y));
            // With a standard deviation of √ε the gradient of a constant map is large.
            for (ours, plain) in gradients.iter().zip(&plain) {
                assert_near(&what, ours, plain);
            }
        }
    }
}

#[test]
fn without_parameters_the_norm_is_burns() {
    let layer = GroupNormConfig::new(2, 4).with_affine(false).init(&Device::flex());
    let x = filled([2, 4, 3, 3], 1.0).without_autodiff();
    assert_eq!(bits(group_norm_silu(&layer, x.clone())), bits(silu(layer.forward(x))));
}

#[test]
fn an_image_does_not_depend_on_its_batch() {
    let device = Device::flex();
    device.seed(3);
    // Channels, kernel, stride, size: all paths of a network for maps of 16 × 16.
    for (channels, kernel, stride, size) in [
        ([7, 13], 3, 1, 16),
        ([13, 10], 3, 2, 16),
        ([12, 12], 3, 1, 8),
        ([12, 9], 3, 2, 8),
        ([9, 17], 3, 1, 4),
        ([17, 8], 1, 1, 8),
    ] {
        let layer = convolution(channels, kernel, stride, &device);
        let norm = GroupNormConfig::new(1, channels[1]).init(&device);
        let run = |x: Tensor<4>| group_norm_silu(&norm, conv2d(&layer, x));
        let image = |index: usize, x: &Tensor<4>| x.clone().narrow(0, index, 1);
        let x = Tensor::random([11, channels[0], size, size], Distribution::Default, &device);
        let all = run(x.clone());
        for threads in [1, 2, 5] {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            pool.install(|| {
                for index in 0..11 {
                    let alone = bits(run(image(index, &x)));
                    assert!(alone == bits(image(index, &all)), "{channels:?} {size}, image {index}");
                }
                // Other neighbors, another place.
                let others = run(Tensor::cat(
                    vec![x.clone().narrow(0, 5, 6), x.clone().narrow(0, 0, 2)],
                    0,
                ));
                assert!(bits(image(0, &others)) == bits(image(5, &all)));
                assert!(bits(image(7, &others)) == bits(image(1, &all)));
            });
        }
    }
}

#[test]
fn the_bits_do_not_depend_on_the_number_of_threads() {
    let device = Device::flex().autodiff();
    let layer = convolution([6, 12], 3, 1, &device);
    let norm = norm(4, 12);
    let x = filled([21, 6, 8, 8], 1.0);
    let bits = |threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| {
            let y = group_norm_silu(&norm, conv2d(&layer, x.clone()));
            let grads = (y.clone() * filled(y.dims(), 9.0)).sum().backward();
            let weight = bits(layer.weight.val().grad(&grads).unwrap());
            let bias = bits(layer.bias.as_ref().unwrap().val().grad(&grads).unwrap());
            let gamma = bits(norm.gamma.as_ref().unwrap().val().grad(&grads).unwrap());
            [
                bits(y.without_autodiff()),
                bits(x.grad(&grads).unwrap()),
                weight,
                bias,
                gamma,
            ]
        })
    };
    let one = bits(1);
    assert!(bits(2) == one && bits(5) == one);
}
