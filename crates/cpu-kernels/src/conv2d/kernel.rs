//! Convolution kernels. With U the unfolded input (a row for each channel and kernel position, a column for each output
//! position) and W the weights as a matrix:
//!
//! forward Y = W·U, weight gradient ∂W = Σ ∂Y·Uᵀ over the images, input gradient ∂X = fold(Wᵀ·∂Y). If the size is kept
//! and the maps are large, ∂X is the convolution of ∂Y with the rotated weights, which needs no folding.
//!
//! [`direct`](super::direct) computes the products where it can, [`unfolded`](super::unfolded) the others.

use burn::backend::flex::FlexTensor;
use burn::tensor::{Shape, TensorData};
use rayon::prelude::*;

use super::direct::Direct;
use super::geometry::Geometry;
use super::unfolded;
use crate::flex::tensor;

/// Makes a tensor contiguous, with its storage starting at its first value.
fn contiguous(x: &FlexTensor) -> FlexTensor {
    if x.is_contiguous() && x.layout().start_offset() == 0 {
        return x.clone();
    }
    let x = x.to_contiguous();
    match x.as_slice::<f32>() {
        Some(values) if x.layout().start_offset() != 0 => {
            FlexTensor::from_data(TensorData::new(values.to_vec(), x.layout().shape().clone()))
        }
        _ => x,
    }
}

/// The weights as a matrix `[outputs, rows]`.
fn matrix(weight: &FlexTensor, geometry: Geometry) -> FlexTensor {
    contiguous(weight).reshape(Shape::from([geometry.outputs, geometry.rows()]))
}

/// Computes Y, `[batch, outputs, height, width]`.
pub(super) fn forward(
    x: &FlexTensor,
    weight: &FlexTensor,
    bias: Option<&FlexTensor>,
    geometry: Geometry,
) -> FlexTensor {
    let (x, weight, bias) = (contiguous(x), matrix(weight, geometry), bias.map(contiguous));
    let x: &[f32] = x.storage();
    let bias: Option<&[f32]> = bias.as_ref().map(FlexTensor::storage);
    let y = match Direct::new(geometry) {
        Some(direct) => direct.forward(x, weight.storage(), bias),
        None => unfolded::forward(x, &weight, bias, geometry),
    };
    tensor(y, [geometry.batch, geometry.outputs, geometry.out[0], geometry.out[1]])
}

/// Computes the gradient of the bias, `[outputs]`: image by image, in order.
pub(super) fn bias_gradient(grad: &FlexTensor, geometry: Geometry) -> FlexTensor {
    let grad = contiguous(grad);
    let grad: &[f32] = grad.storage();
    let (outputs, positions) = (geometry.outputs, geometry.positions());
    let mut sums = vec![0.0_f32; geometry.batch * outputs];
    sums.par_chunks_mut(outputs)
        .zip(grad.par_chunks(outputs * positions))
        .for_each(|(sums, grad)| {
            for (sum, grad) in sums.iter_mut().zip(grad.chunks_exact(positions)) {
                let (lanes, rest) = grad.as_chunks::<16>();
                let mut parts = [0.0_f32; 16];
                for lanes in lanes {
                    for i in 0..16 {
                        parts[i] += lanes[i];
                    }
                }
                *sum = parts.iter().chain(rest).sum();
            }
        });
    let (total, others) = sums.split_at_mut(outputs);
    for image in others.chunks_exact(outputs) {
        for (total, x) in total.iter_mut().zip(image) {
            *total += x;
        }
    }
    tensor(total.to_vec(), [outputs])
}

/// Computes ∂W, with the shape of the weights.
pub(super) fn weight_gradient(x: &FlexTensor, grad: &FlexTensor, geometry: Geometry) -> FlexTensor {
    let (x, grad) = (contiguous(x), contiguous(grad));
    let sum = match Direct::new(geometry) {
        Some(direct) => direct.weight_gradient(x.storage(), grad.storage()),
        None => unfolded::weight_gradient(x.storage(), &grad, geometry),
    };
    let [tall, wide] = geometry.kernel;
    tensor(sum, [geometry.outputs, geometry.inputs, tall, wide])
}

/// W with inputs and outputs swapped and each kernel rotated by 180°.
fn turned_round(weight: &FlexTensor, geometry: Geometry) -> FlexTensor {
    let (inputs, outputs, taps) = (geometry.inputs, geometry.outputs, geometry.taps());
    let weight = contiguous(weight);
    let weight: &[f32] = weight.storage();
    let mut turned = vec![0.0; weight.len()];
    turned
        .par_chunks_exact_mut(outputs * taps)
        .with_min_len(8)
        .enumerate()
        .for_each(|(input, turned)| {
            for (output, turned) in turned.chunks_exact_mut(taps).enumerate() {
                let at = (output * inputs + input) * taps;
                for (to, from) in turned.iter_mut().zip(weight[at..at + taps].iter().rev()) {
                    *to = *from;
                }
            }
        });
    tensor(turned, [inputs, outputs, geometry.kernel[0], geometry.kernel[1]])
}

/// Computes ∂X, with the shape of the input.
pub(super) fn input_gradient(weight: &FlexTensor, grad: &FlexTensor, geometry: Geometry) -> FlexTensor {
    // Rotating the weights pays off if they are few compared with the positions where they are used.
    let direct = Direct::new(geometry).is_some();
    if geometry.keeps_size() && (direct || geometry.batch * geometry.positions() > 8 * geometry.outputs) {
        let turned = Geometry {
            inputs: geometry.outputs,
            outputs: geometry.inputs,
            ..geometry
        };
        return forward(grad, &turned_round(weight, geometry), None, turned);
    }
    let [height, width] = geometry.size;
    let x = unfolded::input_gradient(&matrix(weight, geometry), &contiguous(grad), geometry);
    tensor(x, [geometry.batch, geometry.inputs, height, width])
}
