//! Which model is fine-tuned, with which settings to begin with, in which numbers.

use std::str::FromStr;

use serde::{Deserialize, Serialize};
use video_gen::ModelSpec;

use crate::error::FinetuneError;

/// Which published model.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Family {
    /// LTX-Video.
    Ltx,
    /// Cosmos-Predict1.
    Cosmos,
}

impl Family {
    /// In front of the path of a [`ModelSpec`].
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
    /// First and last frame given more often than not.
    Ours,
    /// What the seed paper reports of its LTX-Video: 576 clips, 1500 steps of one clip, learning rate 2e-4, bf16, the text
    /// encoder in 8 bits, the first frame given in one of ten clips, the last never. Its two passes over 576 clips would be
    /// 1152 steps; the steps are taken as reported.
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

/// The format of the weights that are not trained, and of what is computed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Format {
    /// bf16 where the device computes in it, f32 on the CPU, which would emulate it.
    Auto,
    /// 16 bits.
    Bf16,
    /// 32 bits.
    F32,
}
