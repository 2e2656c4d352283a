//! Which video models make clips, and which clips.

use std::fmt;
use std::path::PathBuf;

use serde::de::{Error, MapAccess, Visitor, value::MapAccessDeserializer};
use serde::{Deserialize, Deserializer, Serialize};
use video_gen::{ModelSpec, PixelTrainSettings, SamplingOptions, TrainSettings};

use super::refusal::wrong;
use crate::PipelineError;

/// The video model and its clips.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct VideoConfig {
    /// Which one.
    pub model: VideoChoice,
    /// Models that stand beside it: their clips are judged and shown, and not trained on.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub others: Vec<OtherGeneratorConfig>,
    /// The object-latent network and its training, where it is trained here.
    pub train: TrainSettings,
    /// The pixel network and its training, where it is trained here.
    #[serde(default = "PixelTrainSettings::small", skip_serializing_if = "small")]
    pub pixel: PixelTrainSettings,
    /// How a model that is there already samples.
    #[serde(default, skip_serializing_if = "unset")]
    pub sampling: SamplingOptions,
    /// Clips to generate.
    pub clips: usize,
    /// Frames a clip.
    pub frames: usize,
    /// Frames a second of clips that are there already, over what their files say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fps: Option<u32>,
    /// What a model that is there already is told; its own prompt else.
    #[serde(default)]
    pub prompt: Option<String>,
}

fn small(settings: &PixelTrainSettings) -> bool {
    *settings == PixelTrainSettings::small()
}

pub(super) fn unset(sampling: &SamplingOptions) -> bool {
    sampling.is_empty()
}

impl VideoConfig {
    /// Brings the sampling options into the form that their models write them in, whatever form a file has them in: stages
    /// are known by them.
    ///
    /// # Errors
    /// Options that a model does not have, and values of another kind.
    pub(super) fn read_sampling(&mut self) -> Result<(), PipelineError> {
        let read = |key: &str, model: &VideoChoice, sampling: &mut SamplingOptions| {
            if let VideoChoice::Ready(spec) = model {
                match spec.options(sampling) {
                    Ok(read) => *sampling = read,
                    Err(error) => return wrong(key, &error.to_string()),
                }
            }
            Ok(())
        };
        read("video.sampling", &self.model, &mut self.sampling)?;
        for (index, other) in self.others.iter_mut().enumerate() {
            read(
                &format!("video.others[{index}].sampling"),
                &other.model,
                &mut other.sampling,
            )?;
        }
        Ok(())
    }
}

/// Where clips come from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum VideoChoice {
    /// The object-latent model, trained on the training part.
    Object,
    /// The pixel model, trained on the training part.
    Pixel,
    /// A model that is there already.
    Ready(ModelSpec),
    /// Videos that are there already: a folder that is searched for them, from whichever model.
    Clips(PathBuf),
}

impl TryFrom<String> for VideoChoice {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        match text.as_str() {
            "object" => Ok(Self::Object),
            "pixel" => Ok(Self::Pixel),
            other => match (other.strip_prefix("clips:"), other.parse()) {
                (Some(path), _) if !path.is_empty() => Ok(Self::Clips(path.into())),
                (_, Ok(choice)) => Ok(Self::Ready(choice)),
                (_, Err(error)) => Err(format!(
                    "{error}; or object or pixel, which are trained here, or clips:DIR, a folder of videos"
                )),
            },
        }
    }
}

impl From<VideoChoice> for String {
    fn from(choice: VideoChoice) -> Self {
        choice.to_string()
    }
}

impl fmt::Display for VideoChoice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Object => f.write_str("object"),
            Self::Pixel => f.write_str("pixel"),
            Self::Ready(choice) => choice.fmt(f),
            Self::Clips(path) => write!(f, "clips:{}", path.display()),
        }
    }
}

/// A generator that stands beside the one whose clips are trained on. In a file its name alone, or a table.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct OtherGeneratorConfig {
    /// Which one.
    pub model: VideoChoice,
    /// Frames a clip; without it the model's own length, of an object-latent model at most that of `video.frames`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub frames: Option<usize>,
    /// What it is told; its own prompt else.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub prompt: Option<String>,
    /// How it samples.
    #[serde(skip_serializing_if = "unset")]
    pub sampling: SamplingOptions,
}

impl<'de> Deserialize<'de> for OtherGeneratorConfig {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(rename = "generator", deny_unknown_fields)]
        struct Table {
            model: VideoChoice,
            frames: Option<usize>,
            prompt: Option<String>,
            #[serde(default)]
            sampling: SamplingOptions,
        }
        struct NameOrTable;
        impl<'de> Visitor<'de> for NameOrTable {
            type Value = Table;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(
                    "a generator such as \"pixel:FILE\", or a table with its model, frames, prompt and sampling",
                )
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Table, E> {
                Ok(Table {
                    model: text.to_owned().try_into().map_err(E::custom)?,
                    frames: None,
                    prompt: None,
                    sampling: SamplingOptions::default(),
                })
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Table, A::Error> {
                Table::deserialize(MapAccessDeserializer::new(map))
            }
        }
        let Table {
            model,
            frames,
            prompt,
            sampling,
        } = deserializer.deserialize_any(NameOrTable)?;
        Ok(Self {
            model,
            frames,
            prompt,
            sampling,
        })
    }
}
