//! Shapes, starting values and the equivariance that attention without positions must have.

#![allow(clippy::unwrap_used)]

use burn::tensor::{Device, Distribution, Tensor, Tolerance};
use nn_kit::{DitBlockConfig, FinalLayerConfig, SelfAttentionConfig, sinusoidal};

fn device() -> Device {
    let device = Device::flex();
    device.seed(3);
    device
}

#[test]
fn an_untrained_block_is_the_identity_and_the_final_layer_gives_zeros() {
    let device = device();
    let x = Tensor::<3>::random([2, 5, 16], Distribution::Default, &device);
    let c = Tensor::<2>::random([2, 16], Distribution::Default, &device);
    let y = DitBlockConfig::new(16, 4).init(&device).forward(x.clone(), c.clone());
    y.clone().into_data().assert_eq(&x.into_data(), true);
    let out = FinalLayerConfig::new(16, 6).init(&device).forward(y, c);
    assert_eq!(out.dims(), [2, 5, 6]);
    assert_eq!(out.abs().max().into_scalar::<f32>(), 0.0);
}

#[test]
fn attention_follows_a_permutation_of_its_tokens() {
    let device = device();
    let layer = SelfAttentionConfig::new(16, 2).init(&device);
    let x = Tensor::<3>::random([1, 4, 16], Distribution::Default, &device);
    let there = layer.forward(x.clone()).flip([1]);
    let back = layer.forward(x.flip([1]));
    there
        .into_data()
        .assert_approx_eq::<f32>(&back.into_data(), Tolerance::absolute(1e-5));
}

#[test]
fn sinusoids_of_zero_are_ones_then_zeros_and_the_fastest_turns_a_thousand_times_t() {
    let e = sinusoidal(Tensor::from_floats([0.0, 0.25], &device()), 8);
    let e: Vec<f32> = e.into_data().try_to_vec().unwrap();
    assert_eq!(e[..8], [1.0, 1.0, 1.0, 1.0, 0.0, 0.0, 0.0, 0.0]);
    assert!((e[8] - 250.0_f32.cos()).abs() < 1e-4 && (e[9] - 25.0_f32.cos()).abs() < 1e-4);
}
