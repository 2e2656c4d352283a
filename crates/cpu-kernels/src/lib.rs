//! Kernels with hand-written gradients for Burn's CPU backend: convolution, batch and group normalization, activations.
//!
#![doc = include_str!("../README.md")]

mod batch_norm;
mod chunks;
mod conv1d;
mod conv2d;
mod cross_entropy;
mod doubled;
mod flex;
mod group_norm;
mod group_norm_silu;
mod pointwise;
mod simd;

pub use batch_norm::{batch_norm, batch_norm_relu};
pub use conv1d::{conv_transpose1d_last, conv1d_last};
pub use conv2d::{conv2d, conv2d_with};
pub use cross_entropy::{Classes, cross_entropy_with_bonus};
pub use doubled::doubled_with;
pub use group_norm::{NormMish, norm_mish};
pub use group_norm_silu::group_norm_silu;
pub use pointwise::{gelu_tanh, mish};
