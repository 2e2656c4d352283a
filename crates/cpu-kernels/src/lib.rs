//! Kernels for the CPU backend of Burn, differentiated by hand: convolution, batch normalisation, layers over short
//! sequences, activations.
//!
#![doc = include_str!("../README.md")]

mod batch_norm;
mod conv;
mod pointwise;
mod temporal;

pub use batch_norm::{batch_norm, batch_norm_relu};
pub use conv::{conv2d, conv2d_with};
pub use pointwise::{gelu_tanh, mish};
pub use temporal::{NormMish, conv_transpose1d_last, conv1d_last, norm_mish};
