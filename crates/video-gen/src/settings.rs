//! Settings files of published models.

use std::path::Path;

use serde::de::DeserializeOwned;

/// Reads a JSON file, or says why it cannot be read.
pub(crate) fn read<T: DeserializeOwned>(path: &Path) -> Result<T, String> {
    let text = std::fs::read(path).map_err(|error| error.to_string())?;
    serde_json::from_slice(&text).map_err(|error| error.to_string())
}
