//! Model family, preset and number format of a fine-tuning run.

use std::str::FromStr;

use serde::{Deserialize, Serialize};
use video_gen::ModelSpec;

use crate::error::FinetuneError;

/// A family of published models.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Family {
    /// LTX-Video.
    Ltx,
    /// Cosmos-Predict1.
    Cosmos,
}

impl Family {
    /// Kind in a [`ModelSpec`].
    pub const fn name(self) -> &'static str {
        match self {
            Self::Ltx => "ltx",
            Self::Cosmos => "cosmos",
        }
    }
}

impl TryFrom<&ModelSpec> for Family {
    type Error = FinetuneError;

    fn try_from(model: &ModelSpec) -> Result<Self, FinetuneError> {
        let families = [Self::Ltx, Self::Cosmos].into_iter();
        let mut found = families.filter(|family| family.name() == model.info().name);
        found.next().ok_or_else(|| {
            FinetuneError::setting(
                "the model",
                model,
                "ltx:PATH or cosmos:DIR (the object-latent and the pixel model are trained from scratch, by `pusht train \
                 video`)",
            )
        })
    }
}

/// A documented set of settings.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Preset {
    /// Our settings: first and last frame are given in most steps.
    Ours,
    /// The settings of the PushT Start paper for LTX-Video: 576 clips, 1500 steps of one clip, learning rate 2e-4, bf16, the text
    /// encoder in 8 bits, the first frame given in one of ten clips, the last never. The reported two passes over 576
    /// clips would be 1152 steps; the reported number of steps is used.
    Paper,
}

impl FromStr for Preset {
    type Err = FinetuneError;

    fn from_str(text: &str) -> Result<Self, FinetuneError> {
        match text {
            "ours" => Ok(Self::Ours),
            "paper" => Ok(Self::Paper),
            other => Err(FinetuneError::setting("the preset", other, "ours or paper")),
        }
    }
}

/// Number format of the frozen weights and of the computation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Format {
    /// bf16 if the device supports it, but f32 on the CPU, which would emulate bf16.
    Auto,
    /// bfloat16, 16 bits.
    Bf16,
    /// 32-bit floating point.
    F32,
}
