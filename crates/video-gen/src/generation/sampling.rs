//! How clips are sampled: what is asked for, else what adapters were trained with, else the model's own.

use std::path::PathBuf;

use burn::tensor::FloatDType;
use cosmos_predict::EndFrame;
use serde::{Deserialize, Serialize};

use super::error::GenerationError;
use crate::AdapterRecord;

/// Frames of a clip of a published model, where nothing else is asked for.
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

/// How clips are sampled; what is left open is that of the adapters' training, or the model's own.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Sampling {
    /// Adapters for a published model, as `finetune` and published trainers write them.
    pub lora: Option<PathBuf>,
    /// Steps of the sampler.
    pub steps: Option<usize>,
    /// How far the prompt leads.
    pub guidance: Option<f64>,
    /// What should not be seen.
    pub negative_prompt: Option<String>,
    /// Rows and columns that a published model works in.
    pub size: Option<[usize; 2]>,
    /// Frames a second that a published model is told.
    pub frame_rate: Option<f64>,
    /// Tokens of a prompt, with padding.
    pub tokens: Option<usize>,
    /// A folder with `tokenizer/` and `text_encoder/`, where they are not beside the model.
    pub text: Option<PathBuf>,
    /// What a published model's weights are kept in; f32 by itself.
    pub weights: Option<WeightFormat>,
    /// How Cosmos is given the last frame.
    pub end_frame: Option<EndFrame>,
}

/// What a published model is asked for.
pub(super) struct Asked {
    pub(super) sampling: Sampling,
    pub(super) frames: usize,
    pub(super) prompt: Option<String>,
}

impl Asked {
    /// Adapters are sampled as they were trained (`finetune.json` beside them), but for what was asked for.
    pub(super) fn new(
        sampling: &Sampling,
        frames: Option<usize>,
        prompt: Option<&str>,
    ) -> Result<Self, GenerationError> {
        let mut asked = Self {
            sampling: sampling.clone(),
            frames: frames.unwrap_or(FRAMES),
            prompt: prompt.map(str::to_owned),
        };
        let trained = match &sampling.lora {
            Some(adapters) => AdapterRecord::beside(adapters).map_err(|error| GenerationError::Adapters {
                path: adapters.with_file_name(AdapterRecord::FILE),
                reason: error.to_string(),
            })?,
            None => None,
        };
        if let Some(trained) = trained {
            let own = &mut asked.sampling;
            own.guidance.get_or_insert(trained.guidance);
            own.negative_prompt.get_or_insert(trained.negative_prompt);
            own.size.get_or_insert([trained.height, trained.width]);
            own.frame_rate.get_or_insert(trained.frame_rate);
            own.tokens.get_or_insert(trained.tokens);
            asked.frames = frames.unwrap_or(trained.frames);
            asked.prompt.get_or_insert(trained.prompt);
        }
        for (setting, wrong) in [
            (
                "frame_rate",
                asked
                    .sampling
                    .frame_rate
                    .is_some_and(|rate| !(rate.is_finite() && rate > 0.0)),
            ),
            ("tokens", asked.sampling.tokens == Some(0)),
        ] {
            if wrong {
                return Err(GenerationError::NotPositive { setting });
            }
        }
        Ok(asked)
    }
}
