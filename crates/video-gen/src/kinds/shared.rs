//! What published models have in common: weight formats, lengths, and adapters that are sampled as they were trained.

use std::path::Path;

use burn::tensor::FloatDType;
use serde::{Deserialize, Serialize};

use super::{LoadOptions, ModelError};
use crate::AdapterRecord;

/// What lies at the path of a model that was trained here.
pub(super) const TRAINED_HERE: &str = "what `pusht train video` or `pusht experiment` wrote";
/// Frames of a clip, where nothing else is asked for.
const FRAMES: usize = 33;

/// What weights are kept in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum WeightFormat {
    /// 4 bytes a number.
    F32,
    /// 2 bytes a number.
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

/// What a published model samples with: what was asked for, where that is open as the adapters were trained, else its own.
pub(super) struct ResolvedSampling<O> {
    pub(super) options: O,
    pub(super) frames: usize,
    pub(super) prompt: Option<String>,
}

impl<O> ResolvedSampling<O> {
    /// Adapters have their training's settings in `finetune.json` beside them; `inherit` takes those into the options that
    /// are open.
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
        })
    }
}

/// Refuses a frame rate and a number of tokens that are not above 0.
pub(super) fn check_positive(frame_rate: Option<f64>, tokens: Option<usize>) -> Result<(), ModelError> {
    let wrong_rate = frame_rate.is_some_and(|rate| !(rate.is_finite() && rate > 0.0));
    for (setting, wrong) in [("frame_rate", wrong_rate), ("tokens", tokens == Some(0))] {
        if wrong {
            return Err(ModelError::NotPositive { setting });
        }
    }
    Ok(())
}
