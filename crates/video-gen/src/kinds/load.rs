//! Options of loading a model, and loaded models.

use burn::tensor::Device;
use pusht_data::{VideoClip, VideoModel, VideoModelError, VideoRequest};
use pusht_env::Frame;

use super::SamplingOptions;

/// Options of loading a model: sampling, clips and device.
///
/// # Example
///
/// ```no_run
/// use video_gen::{LoadOptions, LtxOptions, ModelSpec};
///
/// let options = LoadOptions {
///     sampling: LtxOptions { steps: Some(20), ..Default::default() }.into(),
///     frames: Some(33),
///     ..Default::default()
/// };
/// let model = "ltx:ltx-video-0.9.5".parse::<ModelSpec>()?.load(&options)?;
/// println!("{}: clips of {} frames", model.name, model.frames);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct LoadOptions {
    /// Sampling options. Unset options come from the LoRA's training record, else the model's defaults.
    pub sampling: SamplingOptions,
    /// Frames per clip; `None`: the model's own length.
    pub frames: Option<usize>,
    /// Prompt; `None`: the model's own. The object-latent and the pixel model have no prompt and refuse one.
    pub prompt: Option<String>,
    /// Available memory in bytes, if known; compared with the model's need before large files are read.
    pub memory: Option<u64>,
    /// Device for the model.
    pub device: Device,
}

/// A loaded video model with the settings of its clips.
#[non_exhaustive]
pub struct LoadedModel {
    /// Name: kind and path.
    pub name: String,
    /// The model.
    pub model: Box<dyn VideoModel>,
    /// Frames per clip.
    pub frames: usize,
    /// Prompt of every clip.
    pub prompt: Option<String>,
    /// Clips per batch.
    pub batch_size: usize,
    /// Hash of the model's files; `None` for published models.
    pub sha256: Option<String>,
    /// Sampling options: the given ones, completed by those of the LoRA's training record.
    pub sampling: SamplingOptions,
    /// How the file of adapters was understood: ranks, scales, and where alpha was found.
    pub adapters: Option<String>,
}

impl LoadedModel {
    /// Wraps any video model, with clips of `frames` frames, batches of one clip and no prompt.
    pub fn new(name: impl Into<String>, model: impl VideoModel + 'static, frames: usize) -> Self {
        Self {
            name: name.into(),
            model: Box::new(model),
            frames,
            prompt: None,
            batch_size: 1,
            sha256: None,
            sampling: SamplingOptions::default(),
            adapters: None,
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

    fn generate_clips(&self, requests: &[VideoRequest]) -> Result<Vec<VideoClip>, VideoModelError> {
        self.model.generate_clips(requests)
    }
}
