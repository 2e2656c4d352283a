//! How a model is loaded, and what comes of it.

use burn::tensor::Device;
use pusht_data::{VideoModel, VideoModelError, VideoRequest};
use pusht_env::Frame;

use super::SamplingOptions;

/// How a model is loaded: what its clips are like, and what they are made on.
#[derive(Clone, Debug, Default)]
pub struct LoadOptions {
    /// How clips are sampled; what is left open is that of the adapters' training, or the model's own.
    pub sampling: SamplingOptions,
    /// Frames of a clip, where not the model's own.
    pub frames: Option<usize>,
    /// What clips show, where not the model's own.
    pub prompt: Option<String>,
    /// Bytes that there are, where that is known: held against the need before anything large is read.
    pub memory: Option<u64>,
    /// On what it is loaded.
    pub device: Device,
}

/// A model that makes clips of one kind.
#[non_exhaustive]
pub struct LoadedModel {
    /// As it was chosen: kind and path.
    pub name: String,
    /// The model.
    pub model: Box<dyn VideoModel>,
    /// Frames of a clip.
    pub frames: usize,
    /// What it is told about every clip.
    pub prompt: Option<String>,
    /// Clips per batch.
    pub batch_size: usize,
    /// Hash of its files, where it was trained here.
    pub sha256: Option<String>,
    /// How it samples: as it was asked to, and where it was not, as its adapters were trained.
    pub sampling: SamplingOptions,
}

impl LoadedModel {
    /// A model of one's own that makes one clip at a time, of `frames` frames, and is told nothing.
    pub fn new(name: impl Into<String>, model: impl VideoModel + 'static, frames: usize) -> Self {
        Self {
            name: name.into(),
            model: Box::new(model),
            frames,
            prompt: None,
            batch_size: 1,
            sha256: None,
            sampling: SamplingOptions::default(),
        }
    }
}

impl VideoModel for LoadedModel {
    fn name(&self) -> String {
        self.model.name()
    }

    fn generate(&self, requests: &[VideoRequest]) -> Result<Vec<Vec<Frame>>, VideoModelError> {
        self.model.generate(requests)
    }
}
