//! Activations. On Burn's CPU backend they are one pass over the numbers, differentiated by hand; elsewhere they are Burn's,
//! which are one pass for each of their products, sums and powers.

mod curves;
mod ops;

use burn::backend::Dispatch;
use burn::tensor::activation::{gelu_approximate, mish as plain_mish};
use burn::tensor::{DType, Device, Tensor};

use curves::Curve;
pub(crate) use curves::{MISH_IS_LINEAR, exp, mish as mish_of, mish_slope};
use ops::PointwiseOps;

/// Whether this crate's CPU kernels know tensors like this one.
pub(crate) fn has_kernels<const D: usize>(x: &Tensor<D>) -> bool {
    x.device() == Device::flex() && x.dtype() == DType::F32
}

/// x · tanh(softplus(x)) (Misra 2019).
pub fn mish<const D: usize>(x: Tensor<D>) -> Tensor<D> {
    if !has_kernels(&x) {
        return plain_mish(x);
    }
    Tensor::from_dispatch(<Dispatch as PointwiseOps>::curve(x.into_dispatch(), Curve::Mish))
}

/// x (1 + tanh(√(2/π) (x + 0.044715 x³))) / 2 (Hendrycks & Gimpel 2016), PyTorch's `gelu` with `approximate="tanh"`.
pub fn gelu_tanh<const D: usize>(x: Tensor<D>) -> Tensor<D> {
    if !has_kernels(&x) {
        return gelu_approximate(x);
    }
    Tensor::from_dispatch(<Dispatch as PointwiseOps>::curve(x.into_dispatch(), Curve::GeluTanh))
}
