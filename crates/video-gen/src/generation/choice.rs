//! A video model by its name, opened for clips of one kind.

use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use burn::tensor::{Device, FloatDType};
use nn_kit::AdapterFile;
use pusht_data::VideoModel;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::error::GenerationError;
use crate::prompt::{default_negative_prompt, default_prompt};
use crate::{
    Caption, CosmosAutoencoderConfig, CosmosConfig, CosmosError, CosmosMemory, CosmosPipeline, CosmosPrompts,
    CosmosSampling, CosmosVariant, CosmosVideo, EndFrame, LtxError, LtxFiles, LtxMemory, LtxSettings, LtxVideo,
    ObjectLatentModel, PixelModel, TextEncoder, TextError,
};

/// Frames of a clip of a published model, where nothing else is asked for.
const FRAMES: usize = 33;
/// Rows and columns that Cosmos works in, where nothing else is asked for.
const COSMOS_SIZE: [usize; 2] = [256, 256];
/// Clips of the object-latent model that are made at once.
const OBJECT_CLIPS: usize = 10;

/// Which video model.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ModelChoice {
    /// The object-latent model of this file.
    Object(PathBuf),
    /// The pixel model of this file.
    Pixel(PathBuf),
    /// LTX-Video in this folder or file.
    Ltx(PathBuf),
    /// Cosmos-Predict1 in this folder.
    Cosmos(PathBuf),
}

impl FromStr for ModelChoice {
    type Err = GenerationError;

    fn from_str(text: &str) -> Result<Self, GenerationError> {
        let refuse = || GenerationError::Choice { given: text.to_owned() };
        let (kind, path) = text.split_once(':').ok_or_else(refuse)?;
        let path = PathBuf::from(path);
        match kind {
            _ if path.as_os_str().is_empty() => Err(refuse()),
            "object" => Ok(Self::Object(path)),
            "pixel" => Ok(Self::Pixel(path)),
            "ltx" => Ok(Self::Ltx(path)),
            "cosmos" => Ok(Self::Cosmos(path)),
            _ => Err(refuse()),
        }
    }
}

impl fmt::Display for ModelChoice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (kind, path) = match self {
            Self::Object(path) => ("object", path),
            Self::Pixel(path) => ("pixel", path),
            Self::Ltx(path) => ("ltx", path),
            Self::Cosmos(path) => ("cosmos", path),
        };
        write!(f, "{kind}:{}", path.display())
    }
}

/// What weights are kept in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum WeightFormat {
    /// 4 bytes a number.
    F32,
    /// 2 bytes a number.
    Bf16,
}

/// How clips are sampled; what is left open is the model's own.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Sampling {
    /// Steps of the sampler.
    pub steps: Option<usize>,
    /// How far the prompt leads.
    pub guidance: Option<f64>,
    /// What should not be seen.
    pub negative_prompt: Option<String>,
    /// Rows and columns that a published model works in.
    pub size: Option<[usize; 2]>,
    /// A folder with `tokenizer/` and `text_encoder/`, where they are not beside the model.
    pub text: Option<PathBuf>,
    /// Adapters for a published model, as `finetune` and published trainers write them.
    pub lora: Option<PathBuf>,
    /// What a published model's weights are kept in; f32 by itself.
    pub weights: Option<WeightFormat>,
    /// How Cosmos is given the last frame.
    pub end_frame: Option<EndFrame>,
}

/// A model that is ready.
pub struct OpenedModel {
    /// The model.
    pub model: Box<dyn VideoModel>,
    /// Frames of a clip.
    pub frames: usize,
    /// What it is told about every clip.
    pub prompt: Option<String>,
    /// Clips that are made at once.
    pub at_once: usize,
    /// Of the file, where it is a single one that was trained here.
    pub sha256: Option<String>,
}

impl ModelChoice {
    /// True where the model reads frames of the environment, 96 × 96 px, only.
    pub fn reads_boards(&self) -> bool {
        matches!(self, Self::Object(_) | Self::Pixel(_))
    }

    /// Refuses a path at which there cannot be such a model.
    fn look(&self) -> Result<(), GenerationError> {
        const FILE: &str = "a file that train_video or a run of pipeline wrote";
        let (model, path, there, expected) = match self {
            Self::Object(path) => ("object-latent model", path, path.is_file(), FILE),
            Self::Pixel(path) => ("pixel model", path, path.is_file(), FILE),
            Self::Ltx(path) => (
                "LTX-Video",
                path,
                path.is_file() || (path.join("transformer").is_dir() && path.join("vae").is_dir()),
                "a folder of diffusers (with transformer/, vae/, text_encoder/, tokenizer/) or a single .safetensors file; \
                 docs/ltx-video.md lists the published ones",
            ),
            Self::Cosmos(path) => (
                "Cosmos-Predict1",
                path,
                path.join("vae").is_dir() && (path.join("transformer").is_dir() || path.join("model.pt").is_file()),
                "a folder with vae/ and transformer/ or model.pt; docs/cosmos.md lists the published ones",
            ),
        };
        if there {
            return Ok(());
        }
        Err(GenerationError::NoModel {
            model,
            path: path.clone(),
            expected,
        })
    }

    /// Reads the model. `frames` and `prompt` are those of all clips, where they are not the model's own; `memory` is what
    /// there is, in bytes, where it is known, and is held against the need before anything large is read.
    ///
    /// # Errors
    /// Settings that mean nothing to the model, a clip that it cannot make, more memory than there is, files that are missing
    /// or damaged.
    pub fn open(
        &self,
        sampling: &Sampling,
        frames: Option<usize>,
        prompt: Option<&str>,
        memory: Option<u64>,
        device: &Device,
    ) -> Result<OpenedModel, GenerationError> {
        if prompt.is_some_and(|prompt| prompt.trim().is_empty()) {
            return Err(TextError::Empty.into());
        }
        self.look()?;
        match self {
            Self::Object(path) => {
                refuse("object-latent", sampling)?;
                if prompt.is_some() {
                    return Err(GenerationError::Setting {
                        model: "object-latent",
                        setting: "prompt",
                    });
                }
                let sha256 = Some(hash(path)?);
                let mut model = ObjectLatentModel::load(path, device)?;
                if let Some(steps) = sampling.steps {
                    model = model.with_sampling_steps(steps)?;
                }
                Ok(OpenedModel {
                    frames: frames.unwrap_or(model.max_frames()),
                    model: Box::new(model),
                    prompt: None,
                    at_once: OBJECT_CLIPS,
                    sha256,
                })
            }
            Self::Pixel(path) => {
                refuse("pixel", sampling)?;
                let sha256 = Some(hash(path)?);
                let mut model = PixelModel::load(path, device)?;
                if let Some(steps) = sampling.steps {
                    model = model.with_sampling_steps(steps)?;
                }
                let prompt = prompt.map(Caption::of_prompt).transpose()?;
                Ok(OpenedModel {
                    frames: frames.unwrap_or(model.config().frames()),
                    model: Box::new(model),
                    prompt: prompt.map(|caption| caption.text().to_owned()),
                    at_once: 1,
                    sha256,
                })
            }
            Self::Ltx(path) => ltx(path, sampling, frames.unwrap_or(FRAMES), prompt, memory, device),
            Self::Cosmos(path) => cosmos(path, sampling, frames.unwrap_or(FRAMES), prompt, memory, device),
        }
    }
}

/// Refuses settings of the published models for those that have none of them.
fn refuse(model: &'static str, sampling: &Sampling) -> Result<(), GenerationError> {
    let given = [
        ("guidance", sampling.guidance.is_some()),
        ("negative prompt", sampling.negative_prompt.is_some()),
        ("size", sampling.size.is_some()),
        ("text encoder", sampling.text.is_some()),
        ("adapters", sampling.lora.is_some()),
        ("weight format", sampling.weights.is_some()),
        ("end frame method", sampling.end_frame.is_some()),
    ];
    match given.into_iter().find(|(_, given)| *given) {
        Some((setting, _)) => Err(GenerationError::Setting { model, setting }),
        None => Ok(()),
    }
}

fn hash(path: &Path) -> Result<String, GenerationError> {
    let bytes = std::fs::read(path).map_err(GenerationError::io(path))?;
    Ok(Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect())
}

impl WeightFormat {
    fn dtype(self) -> FloatDType {
        match self {
            Self::F32 => FloatDType::F32,
            Self::Bf16 => FloatDType::BF16,
        }
    }

    fn bytes(self) -> u64 {
        match self {
            Self::F32 => 4,
            Self::Bf16 => 2,
        }
    }
}

fn ltx(
    path: &Path,
    sampling: &Sampling,
    frames: usize,
    prompt: Option<&str>,
    memory: Option<u64>,
    device: &Device,
) -> Result<OpenedModel, GenerationError> {
    if sampling.end_frame.is_some() {
        return Err(GenerationError::Setting {
            model: "LTX-Video",
            setting: "end frame method",
        });
    }
    let mut settings = LtxSettings::default();
    let [height, width] = sampling.size.unwrap_or([settings.height, settings.width]);
    (settings.height, settings.width) = (height, width);
    settings.steps = sampling.steps.unwrap_or(settings.steps);
    settings.guidance = sampling.guidance.unwrap_or(settings.guidance);
    settings.prompt = prompt.map_or(settings.prompt, str::to_owned);
    settings.negative_prompt = sampling.negative_prompt.clone().unwrap_or(settings.negative_prompt);
    let files = LtxFiles {
        model: path,
        text: sampling.text.as_deref(),
        version: None,
        dtype: sampling.weights.unwrap_or(WeightFormat::F32).dtype(),
    };
    if let Some(lora) = &sampling.lora {
        AdapterFile::open(lora).map_err(LtxError::from)?;
    }
    LtxMemory::check_files(&files, [frames, height, width], memory.unwrap_or(u64::MAX))?;
    let prompt = Some(settings.prompt.clone());
    let mut video = LtxVideo::open(files, settings, device)?;
    if let Some(lora) = &sampling.lora {
        video = video.with_adapters(lora)?;
    }
    Ok(OpenedModel {
        model: Box::new(video),
        frames,
        prompt,
        at_once: 1,
        sha256: None,
    })
}

fn cosmos(
    path: &Path,
    sampling: &Sampling,
    frames: usize,
    prompt: Option<&str>,
    memory: Option<u64>,
    device: &Device,
) -> Result<OpenedModel, GenerationError> {
    let size = sampling.size.unwrap_or(COSMOS_SIZE);
    let weights = sampling.weights.unwrap_or(WeightFormat::F32);
    if let Some(lora) = &sampling.lora {
        AdapterFile::open(lora).map_err(CosmosError::from)?;
    }
    CosmosMemory::check(
        &CosmosConfig::open(path)?,
        &CosmosAutoencoderConfig::open(path)?,
        [frames, size[0], size[1]],
        weights.bytes(),
        memory.unwrap_or(u64::MAX),
    )?;
    let defaults = CosmosSampling::default();
    let cosmos = CosmosSampling {
        steps: sampling.steps.unwrap_or(defaults.steps),
        guidance: sampling.guidance.unwrap_or(defaults.guidance),
        ..defaults
    };
    cosmos.check()?;
    let prompt = prompt.map_or_else(|| default_prompt(&[]), str::to_owned);
    let negative = sampling.negative_prompt.clone().unwrap_or_else(default_negative_prompt);
    // The text encoder is as large as the transformer, and is gone before that is read.
    let prompts = {
        let encoder = TextEncoder::open(sampling.text.as_deref().unwrap_or(path), weights.dtype(), device)?;
        CosmosPrompts::new(&encoder, &[&prompt], &negative, device)?
    };
    let mut pipeline = CosmosPipeline::open(path, Some(CosmosVariant::Video2World), weights.dtype(), device)?;
    if let Some(lora) = &sampling.lora {
        pipeline = pipeline.with_adapters(lora)?;
    }
    let end = sampling.end_frame.unwrap_or_default();
    Ok(OpenedModel {
        model: Box::new(CosmosVideo::new(pipeline, prompts, size, cosmos, end)?),
        frames,
        prompt: Some(prompt),
        at_once: 1,
        sha256: None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn models_are_chosen_by_name() {
        for text in ["object:a.safetensors", "pixel:b", "ltx:/c/d", "cosmos:e:f"] {
            assert_eq!(text.parse::<ModelChoice>().unwrap().to_string(), text);
        }
        for text in ["object", "object:", "sora:x", ""] {
            let error = text.parse::<ModelChoice>().unwrap_err().to_string();
            assert!(error.contains("object:FILE"), "{error}");
        }
    }
}
