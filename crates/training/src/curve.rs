//! Loss curves: records of a training run, as values and as JSON lines.

use std::path::Path;

use pusht_jobs::write_bytes;
use serde::{Deserialize, Serialize};

use crate::TrainingError;

/// One recorded point.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CurveRow {
    /// Number of updates done.
    pub step: usize,
    /// Number of epochs done, with fractions.
    pub epoch: f64,
    /// Mean training loss since the previous row.
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
    /// Points in order of steps.
    pub rows: Vec<CurveRow>,
}

impl Curve {
    /// Writes one JSON object per line, under a temporary name, then renames the file.
    ///
    /// # Errors
    /// A file that cannot be written.
    pub fn write(&self, path: &Path) -> Result<(), TrainingError> {
        let mut text = String::new();
        for row in &self.rows {
            text.push_str(&serde_json::to_string(row).expect("a row of numbers is JSON"));
            text.push('\n');
        }
        write_bytes(path, text.as_bytes()).map_err(TrainingError::io("writing", path))
    }
}
