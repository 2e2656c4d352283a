//! `ltx:PATH`, LTX-Video.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use t5_encoder::TextEncoder;

use super::options::number;
use super::shared::{ResolvedSampling, WeightFormat, adapters, check_positive};
use super::{ClipLengths, LoadOptions, LoadedModel, ModelError, ModelInfo, ModelKind, ModelOptions, SamplingOptions};
use crate::{AdapterRecord, FrameSize, LtxSettings, LtxVideo};

static INFO: ModelInfo = ModelInfo {
    name: "ltx",
    title: "LTX-Video",
    path: "PATH",
    files: "a folder of diffusers (with transformer/, vae/, text_encoder/, tokenizer/) or a single .safetensors file; \
            docs/ltx-video.md lists the published ones",
    requires_96px: false,
    generates_states: false,
    lengths: ClipLengths::Any,
    built_in: false,
    ends_at_goal: false,
};

/// Sampling options of LTX-Video. `None` means the value of the adapters' training, or the model's default
/// ([`LtxSettings`]).
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LtxOptions {
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
}

impl ModelOptions for LtxOptions {}

impl LtxOptions {
    fn inherit(&mut self, trained: &AdapterRecord) {
        self.guidance.get_or_insert(trained.guidance);
        self.negative_prompt
            .get_or_insert_with(|| trained.negative_prompt.clone());
        self.size.get_or_insert(trained.size());
        self.frame_rate.get_or_insert(trained.frame_rate);
        self.tokens.get_or_insert(trained.tokens);
    }

    fn files<'a>(&'a self, path: &'a Path) -> ltx_video::Files<'a> {
        ltx_video::Files {
            model: path,
            text: self.text.as_deref(),
            version: None,
            dtype: self.weights.unwrap_or(WeightFormat::F32).dtype(),
        }
    }
}

/// The kind `ltx`.
pub(super) struct Ltx;

impl ModelKind for Ltx {
    fn info(&self) -> &'static ModelInfo {
        &INFO
    }

    fn is_at(&self, path: &Path) -> bool {
        path.is_file() || (path.join("transformer").is_dir() && path.join("vae").is_dir())
    }

    fn options(&self, given: &SamplingOptions) -> Result<SamplingOptions, ModelError> {
        Ok(given.read::<LtxOptions>(&INFO)?.into())
    }

    fn check(&self, path: &Path, options: &LoadOptions) -> Result<(), ModelError> {
        let (resolved, _) = plan(path, options)?;
        ltx_video::Transformer::check_files(path)?;
        ltx_video::Vae::check_files(path, None)?;
        TextEncoder::check_files(resolved.options.text.as_deref().unwrap_or(path))?;
        Ok(())
    }

    fn load(&self, path: &Path, options: &LoadOptions) -> Result<LoadedModel, ModelError> {
        let (resolved, settings) = plan(path, options)?;
        let (prompt, own) = (settings.prompt.clone(), resolved.options);
        let mut video = LtxVideo::open(own.files(path), settings, &options.device)?;
        if let Some(lora) = &own.lora {
            video = video.with_adapters(lora)?;
        }
        Ok(LoadedModel {
            prompt: Some(prompt),
            sampling: own.into(),
            adapters: resolved.adapters,
            ..LoadedModel::new(INFO.name, video, resolved.frames)
        })
    }
}

/// Resolves the sampling options and checks what can be checked without reading large files.
fn plan(path: &Path, options: &LoadOptions) -> Result<(ResolvedSampling<LtxOptions>, LtxSettings), ModelError> {
    let own: LtxOptions = options.sampling.read(&INFO)?;
    let lora = own.lora.clone();
    let mut resolved = ResolvedSampling::new(own, lora.as_deref(), options, LtxOptions::inherit)?;
    let own = &resolved.options;
    check_positive(own.frame_rate, own.tokens)?;
    let default = LtxSettings::default();
    let size = own.size.unwrap_or(default.size());
    let settings = LtxSettings {
        width: size.width,
        height: size.height,
        steps: own.steps.unwrap_or(default.steps),
        guidance: own.guidance.unwrap_or(default.guidance),
        frame_rate: own.frame_rate.unwrap_or(default.frame_rate),
        tokens: own.tokens.unwrap_or(default.tokens),
        prompt: resolved.prompt.clone().unwrap_or(default.prompt),
        negative_prompt: own.negative_prompt.clone().unwrap_or(default.negative_prompt),
        ..default
    };
    resolved.adapters = own
        .lora
        .as_deref()
        .map(adapters)
        .transpose()
        .map_err(ltx_video::Error::from)?;
    let clip = [resolved.frames, size.height, size.width];
    ltx_video::Memory::check_files(&own.files(path), clip, options.memory.unwrap_or(u64::MAX))?;
    Ok((resolved, settings))
}
