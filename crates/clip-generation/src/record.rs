//! What `generation.json` says.

use std::path::Path;

use serde::{Deserialize, Serialize};
use video_gen::SamplingOptions;

use crate::endpoint::{Endpoint, EndpointSource};
use crate::error::GenerationError;

/// Version of the record.
pub const GENERATION_SCHEMA: u32 = 1;

/// Everything that the clips follow from, their number aside.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GenerationPlan {
    /// As it was chosen: kind and path.
    pub model: String,
    /// Of the model's files, where it was trained here.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub model_sha256: Option<String>,
    /// The model's own name.
    pub model_name: String,
    /// Settings of the sampler.
    pub sampling: SamplingOptions,
    /// What the model is told; none where it is told nothing.
    pub prompt: Option<String>,
    /// Where clips begin and end.
    pub ends: EndpointSource,
    /// Frames a clip, both ends included.
    pub frames: usize,
    /// Frames a second.
    pub frame_rate: u32,
    /// Seed of all clips.
    pub seed: u64,
}

/// The record of a folder of clips.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Generation {
    /// [`GENERATION_SCHEMA`].
    pub schema: u32,
    /// What they follow from.
    pub plan: GenerationPlan,
    /// Those that are done, in order.
    pub clips: Vec<ClipRecord>,
}

impl Generation {
    /// The record's file, in the folder of the clips.
    pub const FILE: &str = "generation.json";

    /// The record of the folder `folder`.
    ///
    /// # Errors
    /// No such folder, or a record that cannot be read.
    pub fn open(folder: &Path) -> Result<Self, GenerationError> {
        let path = folder.join(Self::FILE);
        let text = std::fs::read(&path).map_err(GenerationError::io(&path))?;
        let refuse = |reason: String| GenerationError::Record {
            path: path.clone(),
            reason,
        };
        let found: Self = serde_json::from_slice(&text).map_err(|error| refuse(error.to_string()))?;
        match found.schema {
            GENERATION_SCHEMA => Ok(found),
            other => Err(refuse(format!("its schema is {other}; expected {GENERATION_SCHEMA}"))),
        }
    }
}

/// One clip.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClipRecord {
    /// Its own seed.
    pub seed: u64,
    /// Where its first frame is from.
    pub start: Endpoint,
    /// Where its last frame is from, where it was given.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub end: Option<Endpoint>,
    /// H.264, for looking at; relative to the record.
    pub video: String,
    /// A folder of PNG files, exact.
    pub frames: String,
    /// Seconds it took, its share where several were made at once.
    pub seconds: f64,
}
