//! `cosmos:DIR`, Cosmos-Predict1.

use std::path::{Path, PathBuf};

use cosmos_predict::EndFrame;
use serde::{Deserialize, Serialize};
use t5_encoder::TextEncoder;

use super::options::number;
use super::shared::{ResolvedSampling, WeightFormat, adapters, check_positive};
use super::{ClipLengths, LoadOptions, LoadedModel, ModelError, ModelInfo, ModelKind, ModelOptions, SamplingOptions};
use crate::prompt::{default_negative_prompt, default_prompt};
use crate::{AdapterRecord, CosmosVideo, FrameSize};

/// Default size of the frames.
const SIZE: FrameSize = FrameSize::square(256);
/// Default length of a prompt in tokens, with padding.
const TOKENS: usize = 512;

static INFO: ModelInfo = ModelInfo {
    name: "cosmos",
    title: "Cosmos-Predict1",
    path: "DIR",
    files: "a folder with vae/ and transformer/ or model.pt; docs/cosmos.md lists the published ones",
    requires_96px: false,
    generates_states: false,
    lengths: ClipLengths::Any,
    built_in: false,
    ends_at_goal: false,
};

/// Sampling options of Cosmos-Predict1. `None` means the value of the LoRA's training record, else the model's default
/// ([`cosmos_predict::Sampling`], 256 × 256 px, 512 tokens).
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct CosmosOptions {
    /// File of LoRA adapters, from `pusht finetune` or a published trainer.
    pub lora: Option<PathBuf>,
    /// Number of sampling steps.
    pub steps: Option<usize>,
    /// Guidance scale.
    #[serde(serialize_with = "number")]
    pub guidance: Option<f64>,
    /// Negative prompt.
    pub negative_prompt: Option<String>,
    /// Frame size of the model.
    pub size: Option<FrameSize>,
    /// Frame rate that the model is conditioned on, frames per second.
    #[serde(serialize_with = "number")]
    pub frame_rate: Option<f64>,
    /// Length of the prompt in tokens, with padding.
    pub tokens: Option<usize>,
    /// Folder with `tokenizer/` and `text_encoder/`; `None`: the model's folder.
    pub text: Option<PathBuf>,
    /// Number format of the weights; `None`: f32.
    pub weights: Option<WeightFormat>,
    /// How the model is conditioned on the last frame.
    pub end_frame: Option<EndFrame>,
}

impl ModelOptions for CosmosOptions {}

impl CosmosOptions {
    fn inherit(&mut self, trained: &AdapterRecord) {
        self.guidance.get_or_insert(trained.guidance);
        self.negative_prompt
            .get_or_insert_with(|| trained.negative_prompt.clone());
        self.size.get_or_insert(trained.size());
        self.frame_rate.get_or_insert(trained.frame_rate);
        self.tokens.get_or_insert(trained.tokens);
    }

    fn format(&self) -> WeightFormat {
        self.weights.unwrap_or(WeightFormat::F32)
    }
}

/// The kind `cosmos`.
pub(super) struct Cosmos;

impl ModelKind for Cosmos {
    fn info(&self) -> &'static ModelInfo {
        &INFO
    }

    fn is_at(&self, path: &Path) -> bool {
        path.join("vae").is_dir() && (path.join("transformer").is_dir() || path.join("model.pt").is_file())
    }

    fn options(&self, given: &SamplingOptions) -> Result<SamplingOptions, ModelError> {
        Ok(given.read::<CosmosOptions>(&INFO)?.into())
    }

    fn check(&self, path: &Path, options: &LoadOptions) -> Result<(), ModelError> {
        let (resolved, _) = plan(path, options)?;
        cosmos_predict::Transformer::check_files(path)?;
        cosmos_predict::Autoencoder::check_files(path)?;
        TextEncoder::check_files(resolved.options.text.as_deref().unwrap_or(path))?;
        Ok(())
    }

    fn load(&self, path: &Path, options: &LoadOptions) -> Result<LoadedModel, ModelError> {
        let (resolved, sampling) = plan(path, options)?;
        let (own, device) = (resolved.options, &options.device);
        let dtype = own.format().dtype();
        let prompt = resolved.prompt.unwrap_or_else(|| default_prompt(&[]));
        let negative = own.negative_prompt.clone().unwrap_or_else(default_negative_prompt);
        // The text encoder is as large as the transformer, and is dropped before that is loaded.
        let prompts = {
            let encoder = TextEncoder::open(own.text.as_deref().unwrap_or(path), dtype, device)?;
            let tokens = own.tokens.unwrap_or(TOKENS);
            cosmos_predict::Prompts::new(&encoder, &[&prompt], &negative, tokens, device)?
        };
        let variant = Some(cosmos_predict::Variant::Video2World);
        let mut pipeline = cosmos_predict::Pipeline::open(path, variant, dtype, device)?;
        if let Some(lora) = &own.lora {
            pipeline = pipeline.with_adapters(lora)?;
        }
        let (size, end) = (own.size.unwrap_or(SIZE), own.end_frame.unwrap_or_default());
        let video = CosmosVideo::new(pipeline, prompts, size, sampling, end)?;
        Ok(LoadedModel {
            prompt: Some(prompt),
            sampling: own.into(),
            adapters: resolved.adapters,
            ..LoadedModel::new(INFO.name, video, resolved.frames)
        })
    }
}

/// Resolves the sampling options and checks what can be checked without reading large files.
fn plan(
    path: &Path,
    options: &LoadOptions,
) -> Result<(ResolvedSampling<CosmosOptions>, cosmos_predict::Sampling), ModelError> {
    let own: CosmosOptions = options.sampling.read(&INFO)?;
    let lora = own.lora.clone();
    let mut resolved = ResolvedSampling::new(own, lora.as_deref(), options, CosmosOptions::inherit)?;
    let own = &resolved.options;
    check_positive(own.frame_rate, own.tokens)?;
    resolved.adapters = own
        .lora
        .as_deref()
        .map(adapters)
        .transpose()
        .map_err(cosmos_predict::Error::from)?;
    let size = own.size.unwrap_or(SIZE);
    cosmos_predict::Memory::check(
        &cosmos_predict::Config::open(path)?,
        &cosmos_predict::AutoencoderConfig::open(path)?,
        [resolved.frames, size.height, size.width],
        own.format().bytes(),
        options.memory.unwrap_or(u64::MAX),
    )?;
    let default = cosmos_predict::Sampling::default();
    let sampling = cosmos_predict::Sampling {
        steps: own.steps.unwrap_or(default.steps),
        guidance: own.guidance.unwrap_or(default.guidance),
        fps: own.frame_rate.unwrap_or(default.fps),
        ..default
    };
    sampling.check()?;
    Ok((resolved, sampling))
}
