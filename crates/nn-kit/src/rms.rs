//! Root-mean-square normalization in f32, with and without weights.

use burn::tensor::{DType, FloatDType, Tensor};

/// RMS normalization over the last dimension: x / √(mean(x²) + ε), times `weight` if given (Zhang & Sennrich 2019,
/// eq. 4).
///
/// Computed in f32 whatever the type of the tensor, as in the published models.
pub fn rms_norm<const D: usize>(x: Tensor<D>, weight: Option<Tensor<1>>, epsilon: f64) -> Tensor<D> {
    let dtype = x.dtype();
    let x = in_f32(x);
    let mean = x.clone().square().mean_dim(D - 1);
    let y = x * mean.add_scalar(epsilon).sqrt().recip();
    match weight {
        Some(weight) => in_dtype(y, dtype) * weight.unsqueeze(),
        None => in_dtype(y, dtype),
    }
}

/// Converts the tensor to f32.
pub fn in_f32<const D: usize>(x: Tensor<D>) -> Tensor<D> {
    match x.dtype() {
        DType::F32 => x,
        _ => x.cast(FloatDType::F32),
    }
}

/// Converts the tensor to `dtype`.
pub fn in_dtype<const D: usize>(x: Tensor<D>, dtype: DType) -> Tensor<D> {
    match (dtype, x.dtype()) {
        (to, from) if to == from => x,
        (DType::BF16, _) => x.cast(FloatDType::BF16),
        (DType::F16, _) => x.cast(FloatDType::F16),
        (DType::F64, _) => x.cast(FloatDType::F64),
        _ => x.cast(FloatDType::F32),
    }
}
