//! Activations. On Burn's CPU backend each is a single pass with a hand-written gradient; elsewhere they are composed
//! of Burn's operations, one pass per product, sum and power.

mod curves;
mod ops;

use burn::backend::Dispatch;
use burn::tensor::activation::{gelu_approximate, mish as plain_mish};
use burn::tensor::{DType, Device, Tensor};

use curves::Curve;
pub(crate) use curves::{MISH_IS_LINEAR, exp, mish as mish_of, mish_slope};
use ops::PointwiseOps;

/// Returns true if the CPU kernels of this crate support the tensor.
pub(crate) fn has_kernels<const D: usize>(x: &Tensor<D>) -> bool {
    x.device() == Device::flex() && x.dtype() == DType::F32
}

/// Mish activation, x · tanh(softplus(x)) (Misra 2019).
pub fn mish<const D: usize>(x: Tensor<D>) -> Tensor<D> {
    if !has_kernels(&x) {
        return plain_mish(x);
    }
    Tensor::from_dispatch(<Dispatch as PointwiseOps>::curve(x.into_dispatch(), Curve::Mish))
}

/// GELU in its tanh form, x (1 + tanh(√(2/π) (x + 0.044715 x³))) / 2 (Hendrycks & Gimpel 2016), like PyTorch's `gelu`
/// with `approximate="tanh"`.
pub fn gelu_tanh<const D: usize>(x: Tensor<D>) -> Tensor<D> {
    if !has_kernels(&x) {
        return gelu_approximate(x);
    }
    Tensor::from_dispatch(<Dispatch as PointwiseOps>::curve(x.into_dispatch(), Curve::GeluTanh))
}
