//! Code shared by the published models: weight formats, lengths, and sampling options from the adapters' training.

use std::path::Path;

use burn::tensor::FloatDType;
use nn_kit::{AdapterFile, CheckpointError};
use serde::{Deserialize, Serialize};

use super::{LoadOptions, ModelError};
use crate::AdapterRecord;

/// Description of the files of a model trained with this software.
pub(super) const TRAINED_HERE: &str = "what `pusht train video` or `pusht experiment` wrote";
/// Default number of frames per clip.
const FRAMES: usize = 33;

/// Number format of weights.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum WeightFormat {
    /// 32-bit floating point.
    F32,
    /// bfloat16, 2 bytes per number.
    Bf16,
}

impl WeightFormat {
    pub(super) fn dtype(self) -> FloatDType {
        match self {
            Self::F32 => FloatDType::F32,
            Self::Bf16 => FloatDType::BF16,
        }
    }

    pub(super) fn bytes(self) -> u64 {
        match self {
            Self::F32 => 4,
            Self::Bf16 => 2,
        }
    }
}

/// Sampling options of a published model: the given ones, then those of the adapters' training, then the model's
/// defaults.
pub(super) struct ResolvedSampling<O> {
    pub(super) options: O,
    pub(super) frames: usize,
    pub(super) prompt: Option<String>,
    /// How the adapters were understood.
    pub(super) adapters: Option<String>,
}

impl<O> ResolvedSampling<O> {
    /// Resolves the options. Adapters have the settings of their training in `finetune.json` beside them; `inherit`
    /// copies these into the options that are not set.
    pub(super) fn new(
        mut options: O,
        adapters: Option<&Path>,
        asked: &LoadOptions,
        inherit: impl FnOnce(&mut O, &AdapterRecord),
    ) -> Result<Self, ModelError> {
        let trained = match adapters {
            Some(adapters) => AdapterRecord::beside(adapters).map_err(|error| ModelError::Adapters {
                path: adapters.with_file_name(AdapterRecord::FILE),
                reason: error.to_string(),
            })?,
            None => None,
        };
        let (mut frames, mut prompt) = (FRAMES, None);
        if let Some(trained) = trained {
            inherit(&mut options, &trained);
            (frames, prompt) = (trained.frames, Some(trained.prompt));
        }
        Ok(Self {
            options,
            frames: asked.frames.unwrap_or(frames),
            prompt: asked.prompt.clone().or(prompt),
            adapters: None,
        })
    }
}

/// Opens a file of adapters without its weights and says how it is understood.
pub(super) fn adapters(path: &Path) -> Result<String, CheckpointError> {
    Ok(AdapterFile::open(path)?.description())
}

/// Checks that frame rate and number of tokens are above 0.
pub(super) fn check_positive(frame_rate: Option<f64>, tokens: Option<usize>) -> Result<(), ModelError> {
    let wrong_rate = frame_rate.is_some_and(|rate| !(rate.is_finite() && rate > 0.0));
    for (setting, wrong) in [("frame_rate", wrong_rate), ("tokens", tokens == Some(0))] {
        if wrong {
            return Err(ModelError::NotPositive { setting });
        }
    }
    Ok(())
}
