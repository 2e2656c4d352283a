//! Layers and operations whose gradients the models' own tests would not show one by one.

use burn::tensor::activation::softmax;
use burn::tensor::module::{avg_pool2d, conv3d, layer_norm, max_pool2d};
use burn::tensor::ops::{AvgPoolOptions, ConvOptions, MaxPoolOptions};
use burn::tensor::{Device, IndexingUpdateOp, Int, Tensor};
use nn_kit::{rms_norm, scaled_dot_product};

use crate::backend::BackendTest;
use crate::compare::check_operation;
use crate::numbers::flat;

pub(crate) const TESTS: &[BackendTest] = &[
    ("layer_pooling", pooling),
    ("layer_conv3d", convolution),
    ("layer_norms", norms),
    ("layer_attention", attention),
    ("layer_indices", indices),
];

fn pooling(device: &Device) {
    check_operation("layer_pooling, maximum", &[72], device, |x| {
        let options = MaxPoolOptions::new([3, 3]).with_stride([2, 2]).with_padding([1, 1]);
        flat(max_pool2d(x[0].clone().reshape([1, 2, 6, 6]), options))
    });
    check_operation("layer_pooling, mean", &[72], device, |x| {
        let options = AvgPoolOptions::new([2, 2]).with_stride([2, 2]);
        flat(avg_pool2d(x[0].clone().reshape([1, 2, 6, 6]), options))
    });
}

fn convolution(device: &Device) {
    check_operation("layer_conv3d", &[150, 162, 3], device, |x| {
        let (clip, weight) = (
            x[0].clone().reshape([1, 2, 3, 5, 5]),
            x[1].clone().reshape([3, 2, 3, 3, 3]),
        );
        let options = ConvOptions::new([1, 2, 2], [0, 1, 1], [1, 1, 1], 1);
        flat(conv3d(clip, weight, Some(x[2].clone()), options))
    });
}

fn norms(device: &Device) {
    check_operation("layer_norms, layer norm", &[60, 12, 12], device, |x| {
        let rows = x[0].clone().reshape([1, 5, 12]);
        flat(layer_norm(rows, x[1].clone(), Some(x[2].clone()), 1e-6))
    });
    check_operation("layer_norms, RMS", &[60, 12], device, |x| {
        flat(rms_norm(x[0].clone().reshape([1, 5, 12]), Some(x[1].clone()), 1e-6))
    });
}

fn attention(device: &Device) {
    check_operation("layer_attention", &[48, 64, 64, 24], device, |x| {
        let shaped = |i: usize, tokens: usize, width: usize| x[i].clone().reshape([1, 2, tokens, width]);
        let (queries, keys, values) = (shaped(0, 3, 8), shaped(1, 4, 8), shaped(2, 4, 8));
        let bias = x[3].clone().reshape([1, 2, 3, 4]);
        flat(scaled_dot_product(queries, keys, values, Some(bias), 0.35))
    });
    check_operation("layer_attention, softmax", &[24], device, |x| {
        flat(softmax(x[0].clone().reshape([4, 6]).mul_scalar(9.0), 1))
    });
}

/// Rows chosen by their numbers, some twice, and rows added at given places.
fn indices(device: &Device) {
    check_operation("layer_indices, chosen", &[12], device, |x| {
        let chosen = Tensor::<1, Int>::from_ints([2, 0, 2], &x[0].device());
        flat(x[0].clone().reshape([3, 4]).select(0, chosen))
    });
    check_operation("layer_indices, added", &[12, 8], device, |x| {
        let places = Tensor::<1, Int>::from_ints([2, 0], &x[0].device());
        let (rows, more) = (x[0].clone().reshape([3, 4]), x[1].clone().reshape([2, 4]));
        flat(rows.select_assign(0, places, more, IndexingUpdateOp::Add))
    });
}
