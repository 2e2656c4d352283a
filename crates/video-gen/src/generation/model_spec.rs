//! A video model by its name, opened for clips of one kind.

use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use burn::tensor::Device;
use nn_kit::AdapterFile;
use pusht_data::VideoModel;
use pusht_jobs::Hasher;
use t5_encoder::TextEncoder;

use super::ends::plain;
use super::error::GenerationError;
use super::sampling::{Asked, Sampling, WeightFormat};
use crate::prompt::{default_negative_prompt, default_prompt};
use crate::{Caption, CosmosVideo, LtxSettings, LtxVideo, ObjectLatentModel, PixelModel};

/// Rows and columns that Cosmos works in, where nothing else is asked for.
const COSMOS_SIZE: [usize; 2] = [256, 256];
/// Tokens of a prompt of Cosmos, with padding, where nothing else is asked for.
const COSMOS_TOKENS: usize = 512;
/// Clips of the object-latent model that are made at once.
const OBJECT_CLIPS: usize = 10;

/// Which video model.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ModelChoice {
    /// The object-latent model of this file.
    Object(PathBuf),
    /// The pixel model of this file or folder.
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
        let path = plain(Path::new(path));
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
    /// Of its files, where it was trained here.
    pub sha256: Option<String>,
    /// How it samples: as it was asked to, and where it was not, as its adapters were trained.
    pub sampling: Sampling,
}

impl ModelChoice {
    /// True where the model reads frames of the environment, 96 × 96 px, only.
    pub fn reads_boards(&self) -> bool {
        matches!(self, Self::Object(_) | Self::Pixel(_))
    }

    /// Refuses an empty prompt, and a path at which there cannot be such a model.
    fn look(&self, prompt: Option<&str>) -> Result<(), GenerationError> {
        if prompt.is_some_and(|prompt| prompt.trim().is_empty()) {
            return Err(t5_encoder::Error::Empty.into());
        }
        const FILE: &str = "what train_video or a run of pipeline wrote";
        let (model, path, there, expected) = match self {
            Self::Object(path) => ("object-latent model", path, path.is_file(), FILE),
            Self::Pixel(path) => ("pixel model", path, path.exists(), FILE),
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
        self.look(prompt)?;
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
                    sampling: sampling.clone(),
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
                    sampling: sampling.clone(),
                })
            }
            Self::Ltx(path) => ltx(path, Asked::new(sampling, frames, prompt)?, memory, device),
            Self::Cosmos(path) => cosmos(path, Asked::new(sampling, frames, prompt)?, memory, device),
        }
    }

    /// Refuses what [`Self::open`] would, as far as that shows without reading anything large: of published models the
    /// settings, the names and shapes of the weights, and the memory.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub fn check(
        &self,
        sampling: &Sampling,
        frames: Option<usize>,
        prompt: Option<&str>,
        memory: Option<u64>,
        device: &Device,
    ) -> Result<(), GenerationError> {
        if self.reads_boards() {
            return self.open(sampling, frames, prompt, memory, device).map(drop);
        }
        self.look(prompt)?;
        let asked = Asked::new(sampling, frames, prompt)?;
        let text = asked.sampling.text.as_deref();
        match self {
            Self::Object(_) | Self::Pixel(_) => {}
            Self::Ltx(path) => {
                ltx_plan(path, &asked, memory)?;
                ltx_video::Transformer::check_files(path)?;
                ltx_video::Vae::check_files(path, None)?;
                TextEncoder::check_files(text.unwrap_or(path))?;
            }
            Self::Cosmos(path) => {
                cosmos_plan(path, &asked, memory)?;
                cosmos_predict::Transformer::check_files(path)?;
                cosmos_predict::Autoencoder::check_files(path)?;
                TextEncoder::check_files(text.unwrap_or(path))?;
            }
        }
        Ok(())
    }
}

/// Refuses settings of the published models for those that have none of them.
fn refuse(model: &'static str, sampling: &Sampling) -> Result<(), GenerationError> {
    let given = [
        ("guidance", sampling.guidance.is_some()),
        ("negative prompt", sampling.negative_prompt.is_some()),
        ("size", sampling.size.is_some()),
        ("frame rate", sampling.frame_rate.is_some()),
        ("number of tokens", sampling.tokens.is_some()),
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

/// Of a file, or of all files of a folder in the order of their names.
fn hash(path: &Path) -> Result<String, GenerationError> {
    let mut files = vec![path.to_path_buf()];
    if path.is_dir() {
        let inside = std::fs::read_dir(path).and_then(|inside| inside.map(|entry| Ok(entry?.path())).collect());
        files = inside.map_err(GenerationError::io(path))?;
        files.retain(|file| file.is_file());
        files.sort();
    }
    let mut hasher = Hasher::new();
    for file in files {
        hasher.file(&file).map_err(GenerationError::io(&file))?;
    }
    Ok(hasher.finish())
}

/// The files and settings of LTX-Video, once what shows without reading anything large is right.
fn ltx_plan<'a>(
    path: &'a Path,
    asked: &'a Asked,
    memory: Option<u64>,
) -> Result<(ltx_video::Files<'a>, LtxSettings), GenerationError> {
    let sampling = &asked.sampling;
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
    settings.frame_rate = sampling.frame_rate.unwrap_or(settings.frame_rate);
    settings.tokens = sampling.tokens.unwrap_or(settings.tokens);
    settings.prompt = asked.prompt.clone().unwrap_or(settings.prompt);
    settings.negative_prompt = sampling.negative_prompt.clone().unwrap_or(settings.negative_prompt);
    let files = ltx_video::Files {
        model: path,
        text: sampling.text.as_deref(),
        version: None,
        dtype: sampling.weights.unwrap_or(WeightFormat::F32).dtype(),
    };
    if let Some(lora) = &sampling.lora {
        AdapterFile::open(lora).map_err(ltx_video::Error::from)?;
    }
    let frames = asked.frames;
    ltx_video::Memory::check_files(&files, [frames, height, width], memory.unwrap_or(u64::MAX))?;
    Ok((files, settings))
}

fn ltx(path: &Path, asked: Asked, memory: Option<u64>, device: &Device) -> Result<OpenedModel, GenerationError> {
    let (files, settings) = ltx_plan(path, &asked, memory)?;
    let prompt = Some(settings.prompt.clone());
    let mut video = LtxVideo::open(files, settings, device)?;
    if let Some(lora) = &asked.sampling.lora {
        video = video.with_adapters(lora)?;
    }
    Ok(OpenedModel {
        model: Box::new(video),
        frames: asked.frames,
        prompt,
        at_once: 1,
        sha256: None,
        sampling: asked.sampling,
    })
}

/// The settings of Cosmos and the size it works in, once what shows without reading anything large is right.
fn cosmos_plan(
    path: &Path,
    asked: &Asked,
    memory: Option<u64>,
) -> Result<(cosmos_predict::Sampling, [usize; 2]), GenerationError> {
    let sampling = &asked.sampling;
    let size = sampling.size.unwrap_or(COSMOS_SIZE);
    if let Some(lora) = &sampling.lora {
        AdapterFile::open(lora).map_err(cosmos_predict::Error::from)?;
    }
    cosmos_predict::Memory::check(
        &cosmos_predict::Config::open(path)?,
        &cosmos_predict::AutoencoderConfig::open(path)?,
        [asked.frames, size[0], size[1]],
        sampling.weights.unwrap_or(WeightFormat::F32).bytes(),
        memory.unwrap_or(u64::MAX),
    )?;
    let defaults = cosmos_predict::Sampling::default();
    let cosmos = cosmos_predict::Sampling {
        steps: sampling.steps.unwrap_or(defaults.steps),
        guidance: sampling.guidance.unwrap_or(defaults.guidance),
        fps: sampling.frame_rate.unwrap_or(defaults.fps),
        ..defaults
    };
    cosmos.check()?;
    Ok((cosmos, size))
}

fn cosmos(path: &Path, asked: Asked, memory: Option<u64>, device: &Device) -> Result<OpenedModel, GenerationError> {
    let (cosmos, size) = cosmos_plan(path, &asked, memory)?;
    let frames = asked.frames;
    let sampling = asked.sampling;
    let weights = sampling.weights.unwrap_or(WeightFormat::F32);
    let prompt = asked.prompt.unwrap_or_else(|| default_prompt(&[]));
    let tokens = sampling.tokens.unwrap_or(COSMOS_TOKENS);
    let negative = sampling.negative_prompt.clone().unwrap_or_else(default_negative_prompt);
    // The text encoder is as large as the transformer, and is gone before that is read.
    let prompts = {
        let encoder = TextEncoder::open(sampling.text.as_deref().unwrap_or(path), weights.dtype(), device)?;
        cosmos_predict::Prompts::new(&encoder, &[&prompt], &negative, tokens, device)?
    };
    let mut pipeline = cosmos_predict::Pipeline::open(
        path,
        Some(cosmos_predict::Variant::Video2World),
        weights.dtype(),
        device,
    )?;
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
        sampling,
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
        let spelt = "pixel:./a//b/./c/".parse::<ModelChoice>().unwrap();
        assert_eq!(spelt.to_string(), "pixel:a/b/c");
        for text in ["object", "object:", "sora:x", ""] {
            let error = text.parse::<ModelChoice>().unwrap_err().to_string();
            assert!(error.contains("object:FILE"), "{error}");
        }
    }
}
