//! `pixel:DIR`, the pixel model.

use std::path::Path;

use pusht_jobs::hash_path;
use serde::{Deserialize, Serialize};

use super::{ClipLengths, LoadOptions, LoadedModel, ModelError, ModelInfo, ModelKind, ModelOptions, SamplingOptions};
use crate::{Caption, PixelModel};

static INFO: ModelInfo = ModelInfo {
    name: "pixel",
    title: "pixel",
    path: "DIR",
    files: super::shared::TRAINED_HERE,
    requires_96px: true,
    generates_states: false,
    lengths: ClipLengths::Fixed,
};

/// Sampling options of the pixel model.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PixelOptions {
    /// Number of sampling steps.
    pub steps: Option<usize>,
}

impl ModelOptions for PixelOptions {}

/// The kind `pixel`.
pub(super) struct Pixel;

impl ModelKind for Pixel {
    fn info(&self) -> &'static ModelInfo {
        &INFO
    }

    fn is_at(&self, path: &Path) -> bool {
        path.exists()
    }

    fn options(&self, given: &SamplingOptions) -> Result<SamplingOptions, ModelError> {
        Ok(given.read::<PixelOptions>(&INFO)?.into())
    }

    fn check(&self, path: &Path, options: &LoadOptions) -> Result<(), ModelError> {
        self.load(path, options).map(drop)
    }

    fn load(&self, path: &Path, options: &LoadOptions) -> Result<LoadedModel, ModelError> {
        let own: PixelOptions = options.sampling.read(&INFO)?;
        let sha256 = hash_path(path).map_err(ModelError::io(path))?;
        let mut model = PixelModel::load(path, &options.device)?;
        if let Some(steps) = own.steps {
            model = model.with_sampling_steps(steps)?;
        }
        let caption = options.prompt.as_deref().map(Caption::of_prompt).transpose()?;
        let frames = options.frames.unwrap_or(model.config().frames());
        Ok(LoadedModel {
            prompt: caption.map(|caption| caption.text().to_owned()),
            sha256: Some(sha256),
            sampling: own.into(),
            ..LoadedModel::new(INFO.name, model, frames)
        })
    }
}
