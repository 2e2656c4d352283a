//! How adapters were trained, as far as sampling follows it.

use std::io::{Error, ErrorKind, Result};
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::FrameSize;

/// The settings of a fine-tuning that its adapters are sampled with: a part of what `video-finetune` writes beside them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AdapterRecord {
    /// Frames of a clip.
    pub frames: usize,
    /// Pixels that the model works in.
    pub width: usize,
    /// Pixels that the model works in.
    pub height: usize,
    /// Frames a second that the model is told.
    pub frame_rate: f64,
    /// What the clips show.
    pub prompt: String,
    /// What sampling leads away from.
    pub negative_prompt: String,
    /// Tokens of a prompt, with padding.
    pub tokens: usize,
    /// Guidance scale.
    pub guidance: f64,
}

impl AdapterRecord {
    /// The size that the model works in.
    pub fn size(&self) -> FrameSize {
        FrameSize {
            width: self.width,
            height: self.height,
        }
    }

    /// The file's name; its `config` has these settings among others.
    pub const FILE: &str = "finetune.json";

    /// That of these adapters, where it lies beside them.
    ///
    /// # Errors
    /// A record that cannot be read.
    pub fn beside(adapters: &Path) -> Result<Option<Self>> {
        #[derive(Deserialize)]
        struct Record {
            config: AdapterRecord,
        }
        let text = match std::fs::read(adapters.with_file_name(Self::FILE)) {
            Ok(text) => text,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error),
        };
        let record: Record =
            serde_json::from_slice(&text).map_err(|error| Error::new(ErrorKind::InvalidData, error))?;
        Ok(Some(record.config))
    }
}
