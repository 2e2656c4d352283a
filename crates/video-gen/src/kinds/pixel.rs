//! `pixel:DIR`, the pixel world model along planned paths, and `pixel`, the base that comes with this crate.

use std::path::Path;

use pusht_jobs::{Hasher, hash_path};
use serde::{Deserialize, Serialize};

use super::{ClipLengths, LoadOptions, LoadedModel, ModelError, ModelInfo, ModelKind, ModelOptions, SamplingOptions};
use crate::pixel::PixelVideo;

/// Clips per batch.
const BATCH_SIZE: usize = 4;
/// Frames per clip, where nothing else is asked for.
const FRAMES: usize = 48;

static INFO: ModelInfo = ModelInfo {
    name: "pixel",
    title: "pixel",
    path: "DIR",
    files: super::shared::TRAINED_HERE,
    requires_96px: true,
    generates_states: false,
    lengths: ClipLengths::All,
    built_in: true,
    ends_at_goal: true,
};

/// Sampling options of the pixel model.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PixelOptions {}

impl ModelOptions for PixelOptions {}

/// The kind `pixel`.
pub(super) struct Pixel;

impl ModelKind for Pixel {
    fn info(&self) -> &'static ModelInfo {
        &INFO
    }

    fn is_at(&self, path: &Path) -> bool {
        is_base(path) || PixelVideo::is_at(path)
    }

    fn options(&self, given: &SamplingOptions) -> Result<SamplingOptions, ModelError> {
        Ok(given.read::<PixelOptions>(&INFO)?.into())
    }

    fn check(&self, path: &Path, options: &LoadOptions) -> Result<(), ModelError> {
        self.load(path, options).map(drop)
    }

    fn load(&self, path: &Path, options: &LoadOptions) -> Result<LoadedModel, ModelError> {
        let own: PixelOptions = options.sampling.read(&INFO)?;
        if options.prompt.is_some() {
            return Err(ModelError::Setting {
                model: INFO.title,
                setting: "prompt".to_owned(),
                known: "none".to_owned(),
            });
        }
        let (model, sha256) = if is_base(path) {
            (PixelVideo::base(&options.device)?, PixelVideo::base_sha256())
        } else {
            (PixelVideo::load(path, &options.device)?, hash(path)?)
        };
        Ok(LoadedModel {
            batch_size: BATCH_SIZE,
            sha256: Some(sha256),
            sampling: own.into(),
            ..LoadedModel::new(INFO.name, model, options.frames.unwrap_or(FRAMES))
        })
    }
}

/// Whether a path stands for the base model.
fn is_base(path: &Path) -> bool {
    path.as_os_str().is_empty()
}

fn hash(folder: &Path) -> Result<String, ModelError> {
    let mut hasher = Hasher::new();
    for file in PixelVideo::files(folder) {
        hasher.bytes(hash_path(&file).map_err(ModelError::io(&file))?);
    }
    Ok(hasher.finish())
}
