//! Access to tensors of Burn's CPU backend as slices.

use burn::backend::flex::FlexTensor;
use burn::tensor::TensorData;

pub(crate) fn tensor<const D: usize>(values: Vec<f32>, shape: [usize; D]) -> FlexTensor {
    FlexTensor::from_data(TensorData::new(values, shape))
}

pub(crate) fn dims<const D: usize>(x: &FlexTensor) -> [usize; D] {
    std::array::from_fn(|axis| x.layout().shape()[axis])
}

/// Calls `f` with the values in order.
pub(crate) fn with<R>(x: &FlexTensor, f: impl FnOnce(&[f32]) -> R) -> R {
    match x.as_slice() {
        Some(values) => f(values),
        None => f(slice(&x.to_contiguous())),
    }
}

pub(crate) fn slice(x: &FlexTensor) -> &[f32] {
    x.as_slice().expect("a contiguous tensor of f32 is a slice")
}
