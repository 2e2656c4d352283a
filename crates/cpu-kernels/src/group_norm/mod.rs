//! Group normalization, Mish and FiLM in one pass over a short sequence, channels last.
//!
//! On Burn's CPU backend it is a custom operation with hand-written gradients ([`kernel`]); elsewhere it is composed of
//! Burn's operations.

mod kernel;
mod ops;

use burn::backend::Dispatch;
use burn::tensor::Tensor;
use burn::tensor::activation::mish as plain_mish;

use crate::pointwise::has_kernels;

use ops::NormMishOps;

/// Parameters of [`norm_mish`].
#[derive(Clone, Debug)]
pub struct NormMish {
    /// `[channels]`, added before the normalization: the bias of the preceding layer.
    pub bias: Tensor<1>,
    /// `[channels]`, scale of the group normalization.
    pub gamma: Tensor<1>,
    /// `[channels]`, shift of the group normalization.
    pub beta: Tensor<1>,
    /// Number of groups; divides the number of channels.
    pub groups: usize,
    /// Added to the variance.
    pub epsilon: f64,
    /// `[batch, 2 · channels]`: scales, then shifts of all channels, applied after Mish (FiLM, Perez et al. 2018).
    pub film: Option<Tensor<2>>,
}

/// Applies group normalization (Wu & He 2018) to `x + bias`, then Mish, then the scale and shift of FiLM. `x` is
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
            <Dispatch as NormMishOps>::norm_mish_film(x, bias, gamma, beta, film, groups, epsilon)
        }
        None => <Dispatch as NormMishOps>::norm_mish(x, bias, gamma, beta, groups, epsilon),
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
