//! `object:FILE`, the object-latent model.

use std::path::Path;

use pusht_jobs::hash_path;
use serde::{Deserialize, Serialize};

use super::{ClipLengths, LoadOptions, LoadedModel, ModelError, ModelInfo, ModelKind, ModelOptions, SamplingOptions};
use crate::ObjectLatentModel;

/// Clips per batch.
const BATCH_SIZE: usize = 10;

static INFO: ModelInfo = ModelInfo {
    name: "object",
    title: "object-latent",
    path: "FILE",
    files: super::shared::TRAINED_HERE,
    requires_96px: true,
    generates_states: true,
    lengths: ClipLengths::UpTo,
    built_in: false,
    ends_at_goal: false,
};

/// Sampling options of the object-latent model.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ObjectOptions {
    /// Number of sampling steps.
    pub steps: Option<usize>,
}

impl ModelOptions for ObjectOptions {}

/// The kind `object`.
pub(super) struct Object;

impl ModelKind for Object {
    fn info(&self) -> &'static ModelInfo {
        &INFO
    }

    fn is_at(&self, path: &Path) -> bool {
        path.is_file()
    }

    fn options(&self, given: &SamplingOptions) -> Result<SamplingOptions, ModelError> {
        Ok(given.read::<ObjectOptions>(&INFO)?.into())
    }

    fn check(&self, path: &Path, options: &LoadOptions) -> Result<(), ModelError> {
        self.load(path, options).map(drop)
    }

    fn load(&self, path: &Path, options: &LoadOptions) -> Result<LoadedModel, ModelError> {
        let own: ObjectOptions = options.sampling.read(&INFO)?;
        if options.prompt.is_some() {
            return Err(ModelError::Setting {
                model: INFO.title,
                setting: "prompt".to_owned(),
                known: "steps".to_owned(),
            });
        }
        let sha256 = hash_path(path).map_err(ModelError::io(path))?;
        let mut model = ObjectLatentModel::load(path, &options.device)?;
        if let Some(steps) = own.steps {
            model = model.with_sampling_steps(steps)?;
        }
        let frames = options.frames.unwrap_or(model.max_frames());
        Ok(LoadedModel {
            batch_size: BATCH_SIZE,
            sha256: Some(sha256),
            sampling: own.into(),
            ..LoadedModel::new(INFO.name, model, frames)
        })
    }
}
