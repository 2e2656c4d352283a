//! Files of stages.

use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::PipelineError;

/// Reads an artifact of a finished stage.
pub(crate) fn read_json<T: for<'a> Deserialize<'a>>(path: &Path) -> Result<T, PipelineError> {
    let bytes = pusht_jobs::read_file(path).map_err(io(path))?;
    serde_json::from_slice(&bytes).map_err(|e| PipelineError::NotARun {
        path: path.to_owned(),
        reason: format!("damaged ({e}); remove the stage's folder and run the experiment again"),
    })
}

/// Writes an artifact of a stage atomically.
pub(crate) fn write_json(path: &Path, value: &impl Serialize) -> Result<(), PipelineError> {
    pusht_jobs::write_json(path, value).map_err(io(path))
}

/// Writes bytes atomically.
pub(crate) fn write_bytes(path: &Path, bytes: &[u8]) -> Result<(), PipelineError> {
    pusht_jobs::write_bytes(path, bytes).map_err(io(path))
}

/// Adds the path to an I/O error.
pub(crate) fn io(path: &Path) -> impl FnOnce(std::io::Error) -> PipelineError {
    let path = path.to_owned();
    move |source| PipelineError::Io { path, source }
}
