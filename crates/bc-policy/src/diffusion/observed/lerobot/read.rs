//! JSON parsing with descriptive errors.

use std::path::Path;

use nn_kit::settings::refuse_pointer;

use crate::error::BcError;

pub(super) fn unfit(path: &Path, reason: impl std::fmt::Display) -> BcError {
    BcError::Checkpoint {
        path: path.to_path_buf(),
        reason: reason.to_string(),
    }
}

pub(super) fn json<T: serde::de::DeserializeOwned>(path: &Path) -> Result<T, BcError> {
    refuse_pointer(path).map_err(|error| unfit(path, error))?;
    let bytes = std::fs::read(path).map_err(|error| unfit(path, error))?;
    serde_json::from_slice(&bytes).map_err(|error| unfit(path, error))
}
