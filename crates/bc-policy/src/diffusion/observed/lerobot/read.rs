//! JSON parsing with descriptive errors.

use std::path::Path;

use nn_kit::settings::{self, SettingsError};

use crate::error::BcError;

pub(super) fn unfit(path: &Path, reason: impl std::fmt::Display) -> BcError {
    BcError::Checkpoint {
        path: path.to_path_buf(),
        reason: reason.to_string(),
    }
}

pub(super) fn json<T: serde::de::DeserializeOwned>(path: &Path) -> Result<T, BcError> {
    settings::read(path).map_err(|error| match error {
        SettingsError::Io { source, .. } => unfit(path, source),
        SettingsError::Json { source, .. } => unfit(path, source),
        error => unfit(path, error),
    })
}
