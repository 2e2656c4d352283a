//! Contents of `generation.json`.

use std::path::Path;

use pusht_data::ClipEnd;
use serde::{Deserialize, Serialize};
use video_gen::SamplingOptions;

use crate::endpoint::{Endpoint, EndpointSource};
use crate::error::GenerationError;

/// Version of the record's format.
pub const GENERATION_SCHEMA: u32 = 1;

/// Settings that determine the clips, except their number.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GenerationPlan {
    /// Model as selected: kind and path.
    pub model: String,
    /// SHA-256 of the model's files; `None` for published models.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub model_sha256: Option<String>,
    /// The model's own name.
    pub model_name: String,
    /// Settings of the sampler.
    pub sampling: SamplingOptions,
    /// How the adapters were understood (ranks, scales, and where alpha was found), if there are any.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub adapters: Option<String>,
    /// Prompt, if any.
    pub prompt: Option<String>,
    /// Source of the first and last frames.
    pub ends: EndpointSource,
    /// Frames per clip, first and last included; for clips that end when the T is on its goal, the most.
    pub frames: usize,
    /// Frames per second.
    pub frame_rate: u32,
    /// Seed of all clips.
    pub seed: u64,
}

/// The record of a folder of clips.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Generation {
    /// Format version, [`GENERATION_SCHEMA`].
    pub schema: u32,
    /// Plan of the clips.
    pub plan: GenerationPlan,
    /// Finished clips, in order.
    pub clips: Vec<ClipRecord>,
}

impl Generation {
    /// Name of the record's file in the folder of the clips.
    pub const FILE: &str = "generation.json";

    /// Reads the record of a folder of clips.
    ///
    /// # Errors
    /// A missing folder, or a record that cannot be read.
    pub fn open(folder: &Path) -> Result<Self, GenerationError> {
        let path = folder.join(Self::FILE);
        let text = pusht_jobs::read_file(&path).map_err(GenerationError::io(&path))?;
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

/// Record of one clip.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClipRecord {
    /// Seed of the clip.
    pub seed: u64,
    /// Source of its first frame.
    pub start: Endpoint,
    /// Source of its last frame, if given.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub end: Option<Endpoint>,
    /// Path of the H.264 video for viewing, relative to the folder of the record.
    pub video: String,
    /// Path of the folder of PNG files with the exact frames, relative to the folder of the record.
    pub frames: String,
    /// Number of frames, where it is not the plan's: a clip of a model that ends it when the T is on its goal.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub length: Option<usize>,
    /// How near the clip came to its end, if the model says so. A clip that did not reach it is kept as it is.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub arrival: Option<ClipEnd>,
    /// Generation time, seconds: the time of the clip's batch, divided by its number of clips.
    pub seconds: f64,
}
