//! Layers over short sequences, channels last: convolutions, and group normalisation with Mish and FiLM in one pass.
//!
//! The sequences of a policy have 4 to 16 places and its batches hundreds of samples, so a convolution is one matrix
//! product over all places of all samples, if channels are last. On Burn's CPU backend these layers have kernels of
//! their own ([`kernels`]), differentiated by hand; elsewhere they are Burn's.

mod kernels;
mod ops;

use burn::backend::Dispatch;
use burn::tensor::Tensor;
use burn::tensor::activation::mish as plain_mish;
use burn::tensor::module::{conv_transpose1d, conv1d};
use burn::tensor::ops::{ConvOptions, ConvTransposeOptions};

use crate::pointwise::has_kernels;

use ops::TemporalOps;

/// Cross-correlation over the second axis, as PyTorch's `conv1d`.
///
/// `x` is `[batch, length, inputs]`, `weight` `[outputs, inputs, kernel]` and `bias` `[outputs]`; gives
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
    let y = Tensor::from_dispatch(<Dispatch as TemporalOps>::conv1d(
        x.into_dispatch(),
        weight.into_dispatch(),
        stride,
        padding,
    ));
    add_bias(y, bias)
}

/// The adjoint of a convolution, as PyTorch's `conv_transpose1d`.
///
/// `x` is `[batch, length, inputs]`, `weight` `[inputs, outputs, kernel]` and `bias` `[outputs]`; gives
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
    let y = Tensor::from_dispatch(<Dispatch as TemporalOps>::conv_transpose1d(
        x.into_dispatch(),
        weight.into_dispatch(),
        stride,
        padding,
    ));
    add_bias(y, bias)
}

fn add_bias(y: Tensor<3>, bias: Option<Tensor<1>>) -> Tensor<3> {
    match bias {
        Some(bias) => Tensor::from_dispatch(<Dispatch as TemporalOps>::add_row(
            y.into_dispatch(),
            bias.into_dispatch(),
        )),
        None => y,
    }
}

/// What [`norm_mish`] needs besides its input.
#[derive(Clone, Debug)]
pub struct NormMish {
    /// `[channels]`, added before the normalisation: the bias of the layer before.
    pub bias: Tensor<1>,
    /// `[channels]`, scale of the group normalisation.
    pub gamma: Tensor<1>,
    /// `[channels]`, its shift.
    pub beta: Tensor<1>,
    /// Groups of channels; divides their number.
    pub groups: usize,
    /// Added to the variance.
    pub epsilon: f64,
    /// `[batch, 2 · channels]`: a scale and then a shift for every channel, after Mish (FiLM, Perez et al. 2018).
    pub film: Option<Tensor<2>>,
}

/// Group normalisation (Wu & He 2018) of `x + bias`, then Mish, then scale and shift by FiLM. `x` is
/// `[batch, length, channels]`; statistics are over the length and the channels of a group.
pub fn norm_mish(x: Tensor<3>, with: NormMish) -> Tensor<3> {
    if !has_kernels(&x) {
        return norm_mish_plain(x, with);
    }
    let NormMish {
        bias,
        gamma,
        beta,
        groups,
        epsilon,
        film,
    } = with;
    let (x, bias) = (x.into_dispatch(), bias.into_dispatch());
    let (gamma, beta) = (gamma.into_dispatch(), beta.into_dispatch());
    Tensor::from_dispatch(match film {
        Some(film) => {
            let film = film.into_dispatch();
            <Dispatch as TemporalOps>::norm_mish_film(x, bias, gamma, beta, film, groups, epsilon)
        }
        None => <Dispatch as TemporalOps>::norm_mish(x, bias, gamma, beta, groups, epsilon),
    })
}

fn norm_mish_plain(x: Tensor<3>, with: NormMish) -> Tensor<3> {
    let [batch, length, channels] = x.dims();
    let row = |row: Tensor<1>| row.reshape([1, 1, channels]);
    let x = (x + row(with.bias)).reshape([batch, length, with.groups, channels / with.groups]);
    let mean = x.clone().mean_dim(3).mean_dim(1);
    let x = x - mean;
    let variance = x.clone().square().mean_dim(3).mean_dim(1);
    let x = (x / variance.add_scalar(with.epsilon).sqrt()).reshape([batch, length, channels]);
    let y = plain_mish(x * row(with.gamma) + row(with.beta));
    match with.film {
        Some(film) => {
            let film = film.reshape([batch, 2, channels]);
            y * film.clone().narrow(1, 0, 1) + film.narrow(1, 1, 1)
        }
        None => y,
    }
}
