//! Record of the training of adapters, as far as sampling uses it.

use std::io::{Error, ErrorKind, Result};
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::FrameSize;

/// Settings of a fine-tuning that are defaults for sampling with its adapters; part of the record that `video-finetune`
/// writes beside them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AdapterRecord {
    /// Frames per clip.
    pub frames: usize,
    /// Width of the model's frames, px.
    pub width: usize,
    /// Height of the model's frames, px.
    pub height: usize,
    /// Frame rate that the model is conditioned on, frames per second.
    pub frame_rate: f64,
    /// Prompt.
    pub prompt: String,
    /// Negative prompt.
    pub negative_prompt: String,
    /// Length of the prompt in tokens, with padding.
    pub tokens: usize,
    /// Guidance scale.
    pub guidance: f64,
}

impl AdapterRecord {
    /// Frame size of the model.
    pub fn size(&self) -> FrameSize {
        FrameSize {
            width: self.width,
            height: self.height,
        }
    }

    /// The file's name; its `config` has these settings among others.
    pub const FILE: &str = "finetune.json";

    /// Reads the record beside these adapters, if there is one.
    ///
    /// # Errors
    /// A record that cannot be read.
    pub fn beside(adapters: &Path) -> Result<Option<Self>> {
        #[derive(Deserialize)]
        struct Record {
            config: AdapterRecord,
        }
        let text = match pusht_jobs::read_file(adapters.with_file_name(Self::FILE)) {
            Ok(text) => text,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error),
        };
        let record: Record =
            serde_json::from_slice(&text).map_err(|error| Error::new(ErrorKind::InvalidData, error))?;
        Ok(Some(record.config))
    }
}
