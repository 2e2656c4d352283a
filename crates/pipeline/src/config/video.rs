//! Settings of the video models and their clips.

use std::fmt;
use std::path::PathBuf;

use serde::de::{Error, MapAccess, Visitor, value::MapAccessDeserializer};
use serde::{Deserialize, Deserializer, Serialize};
use video_gen::{ModelSpec, PixelVideoSettings, SamplingOptions, TrainSettings};

use super::refusal::wrong;
use crate::PipelineError;

/// Settings of the video model and its clips.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct VideoConfig {
    /// Source of the clips.
    pub model: VideoChoice,
    /// Other models for comparison: their clips are evaluated and shown, but not trained on.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub others: Vec<OtherGeneratorConfig>,
    /// Settings of the object-latent model, if it is trained in the experiment.
    pub train: TrainSettings,
    /// Settings of the pixel model, if it is trained in the experiment.
    #[serde(default, skip_serializing_if = "usual")]
    pub pixel: PixelVideoSettings,
    /// Sampling options of an existing model.
    #[serde(default, skip_serializing_if = "unset")]
    pub sampling: SamplingOptions,
    /// Number of clips to generate between frames of demonstrations.
    pub clips: usize,
    /// Frames per clip.
    pub frames: usize,
    /// Where clips begin and end.
    #[serde(default, skip_serializing_if = "between_rows")]
    pub ends: ClipEnds,
    /// Clips from new starts, in place of `clips` and `frames`.
    #[serde(default, skip_serializing_if = "default_new_starts")]
    pub new_starts: NewStartsConfig,
    /// Frames per second of existing clips, in place of the rate in the files.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fps: Option<u32>,
    /// Prompt of an existing model; `None`: the model's own.
    #[serde(default)]
    pub prompt: Option<String>,
}

/// Where the clips that are trained on begin and end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ClipEnds {
    /// At two frames of a demonstration of the training part, as in the paper.
    #[default]
    Demonstrations,
    /// At a reset that nobody demonstrated, and with the T on its goal. Models that do not bring the T there by themselves
    /// make clips between frames of demonstrations.
    NewStarts,
}

/// Clips from new starts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct NewStartsConfig {
    /// Number of clips.
    pub clips: usize,
    /// Largest number of frames of a clip; it ends when the T is on its goal.
    pub frames: usize,
}

impl Default for NewStartsConfig {
    fn default() -> Self {
        Self { clips: 50, frames: 200 }
    }
}

fn default_new_starts(settings: &NewStartsConfig) -> bool {
    *settings == NewStartsConfig::default()
}

fn between_rows(ends: &ClipEnds) -> bool {
    *ends == ClipEnds::Demonstrations
}

fn usual(settings: &PixelVideoSettings) -> bool {
    *settings == PixelVideoSettings::default()
}

pub(super) fn unset(sampling: &SamplingOptions) -> bool {
    sampling.is_empty()
}

impl VideoConfig {
    /// Whether the clips begin at new starts: they are asked for, and the model brings the T to its goal by itself.
    pub(crate) fn begins_anew(&self) -> bool {
        let brings = match &self.model {
            VideoChoice::Pixel => true,
            VideoChoice::Object | VideoChoice::Clips(_) => false,
            VideoChoice::Ready(spec) => spec.info().ends_at_goal,
        };
        brings && self.ends == ClipEnds::NewStarts
    }

    /// Normalizes the sampling options to the form in which their models write them, as they are part of the keys of
    /// stages.
    ///
    /// # Errors
    /// Options that a model does not have, and values of the wrong kind.
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

/// Name of the pixel model as it comes with the program: `pixel` is the one that the experiment trains from it.
const PIXEL_BASE: &str = "pixel-base";

/// Source of clips.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum VideoChoice {
    /// The object-latent model, trained on the training part.
    Object,
    /// The pixel model, trained on the training part.
    Pixel,
    /// An existing model.
    Ready(ModelSpec),
    /// Existing videos of any origin: a folder that is searched for them.
    Clips(PathBuf),
}

impl TryFrom<String> for VideoChoice {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        match text.as_str() {
            "object" => Ok(Self::Object),
            "pixel" => Ok(Self::Pixel),
            PIXEL_BASE => Ok(Self::Ready("pixel".parse().map_err(|error| format!("{error}"))?)),
            other => match (other.strip_prefix("clips:"), other.parse()) {
                (Some(path), _) if !path.is_empty() => Ok(Self::Clips(path.into())),
                (_, Ok(choice)) => Ok(Self::Ready(choice)),
                (_, Err(error)) => Err(format!(
                    "{error}; or object or pixel, which are trained here, pixel-base, the pixel model as it comes with \
                     the program, or clips:DIR, a folder of videos"
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
            Self::Ready(choice) if choice.is_built_in() => f.write_str(PIXEL_BASE),
            Self::Ready(choice) => choice.fmt(f),
            Self::Clips(path) => write!(f, "clips:{}", path.display()),
        }
    }
}

/// Settings of another generator, for comparison with the one whose clips are trained on. In a file its name alone, or
/// a table.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct OtherGeneratorConfig {
    /// Source of the clips.
    pub model: VideoChoice,
    /// Frames per clip; `None`: the model's own length, for an object-latent model at most `video.frames`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub frames: Option<usize>,
    /// Prompt; `None`: the model's own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub prompt: Option<String>,
    /// Sampling options.
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
                f.write_str("a generator such as \"pixel:DIR\", or a table with its model, frames, prompt and sampling")
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
