//! Loss curves: what was recorded on the way, as values and as JSON lines.

use std::path::Path;

use pusht_jobs::write_bytes;
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
        write_bytes(path, text.as_bytes()).map_err(TrainingError::io("writing", path))
    }
}
