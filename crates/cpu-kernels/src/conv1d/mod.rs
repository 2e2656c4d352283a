//! Convolutions over short sequences with channels last.
//!
//! The sequences of a policy have 4 to 16 positions and its batches hundreds of samples, so with channels last a
//! convolution is one matrix product over all positions of all samples. On Burn's CPU backend these are custom
//! operations with hand-written gradients ([`kernels`]); elsewhere they are Burn's.

mod kernels;
mod ops;

use burn::backend::Dispatch;
use burn::tensor::Tensor;
use burn::tensor::module::{conv_transpose1d, conv1d};
use burn::tensor::ops::{ConvOptions, ConvTransposeOptions};

use crate::pointwise::has_kernels;

use ops::Conv1dOps;

/// Cross-correlation over the second axis, like PyTorch's `conv1d`.
///
/// `x` is `[batch, length, inputs]`, `weight` `[outputs, inputs, kernel]` and `bias` `[outputs]`. The result is
/// `[batch, (length + 2 padding − kernel) / stride + 1, outputs]`.
pub fn conv1d_last(
    x: Tensor<3>,
    weight: Tensor<3>,
    bias: Option<Tensor<1>>,
    stride: usize,
    padding: usize,
) -> Tensor<3> {
    if !has_kernels(&x) {
        let options = ConvOptions::new([stride], [padding], [1], 1);
        return conv1d(x.swap_dims(1, 2), weight, bias, options).swap_dims(1, 2);
    }
    let y = Tensor::from_dispatch(<Dispatch as Conv1dOps>::conv1d(
        x.into_dispatch(),
        weight.into_dispatch(),
        stride,
        padding,
    ));
    add_bias(y, bias)
}

/// Transposed convolution over the second axis, like PyTorch's `conv_transpose1d`.
///
/// `x` is `[batch, length, inputs]`, `weight` `[inputs, outputs, kernel]` and `bias` `[outputs]`. The result is
/// `[batch, (length − 1) stride − 2 padding + kernel, outputs]`.
pub fn conv_transpose1d_last(
    x: Tensor<3>,
    weight: Tensor<3>,
    bias: Option<Tensor<1>>,
    stride: usize,
    padding: usize,
) -> Tensor<3> {
    if !has_kernels(&x) {
        let options = ConvTransposeOptions::new([stride], [padding], [0], [1], 1);
        return conv_transpose1d(x.swap_dims(1, 2), weight, bias, options).swap_dims(1, 2);
    }
    let y = Tensor::from_dispatch(<Dispatch as Conv1dOps>::conv_transpose1d(
        x.into_dispatch(),
        weight.into_dispatch(),
        stride,
        padding,
    ));
    add_bias(y, bias)
}

fn add_bias(y: Tensor<3>, bias: Option<Tensor<1>>) -> Tensor<3> {
    match bias {
        Some(bias) => Tensor::from_dispatch(<Dispatch as Conv1dOps>::add_row(
            y.into_dispatch(),
            bias.into_dispatch(),
        )),
        None => y,
    }
}
