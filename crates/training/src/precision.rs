//! The number format of a training run.

use serde::{Deserialize, Serialize};

/// Number format in which a model computes during training.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Precision {
    /// 32-bit floats.
    #[default]
    F32,
    /// bfloat16 in the forward and backward pass, if the device supports it.
    Bf16,
}
