//! The number format of a training run.

use serde::{Deserialize, Serialize};

/// What a model computes in while it is trained.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Precision {
    /// 32-bit floats.
    #[default]
    F32,
    /// bfloat16 in the forward and backward pass, where the device has it.
    Bf16,
}
