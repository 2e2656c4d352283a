//! Loss curves: what was recorded on the way, as values and as JSON lines.

use std::io::Write;
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::TrainingError;

/// One recorded point.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CurveRow {
    /// Updates done.
    pub step: usize,
    /// Epochs done, as a fraction.
    pub epoch: f64,
    /// Mean training loss since the row before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub train_loss: Option<f64>,
    /// Learning rate of the last update.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub learning_rate: Option<f64>,
    /// Validation loss, at the end of an epoch.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub valid_loss: Option<f64>,
}

/// All points of a run, in order.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Curve {
    /// In order of steps.
    pub rows: Vec<CurveRow>,
}

impl Curve {
    /// Writes one JSON object a line, beside and renamed.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn write(&self, path: &Path) -> Result<(), TrainingError> {
        let mut text = String::new();
        for row in &self.rows {
            text.push_str(&serde_json::to_string(row).expect("a row of numbers is JSON"));
            text.push('\n');
        }
        write_atomic(path, text.as_bytes())
    }
}

/// Writes a temporary file in the same folder, then renames it, so that a file that exists is whole.
///
/// # Errors
/// When the file cannot be written.
pub fn write_atomic(path: &Path, bytes: &[u8]) -> Result<(), TrainingError> {
    let folder = path.parent().unwrap_or(Path::new("."));
    let mut builder = tempfile::Builder::new();
    builder.prefix(".writing-");
    // An ordinary file under the user's umask; temporary ones are private unless told otherwise.
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    let write = || -> std::io::Result<()> {
        let mut file = builder.tempfile_in(folder)?;
        file.write_all(bytes)?;
        file.as_file().sync_all()?;
        file.persist(path)?;
        Ok(())
    };
    write().map_err(TrainingError::io("writing", path))
}
