//! How a dataset is read, where it leaves a choice.

use serde::{Deserialize, Serialize};

/// Choices in reading a dataset. The defaults suit datasets with one camera whose frames are at the times of their rows.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SourceOptions {
    /// LeRobot: the video feature whose frames are read, with or without `observation.images.`; needed where a dataset has
    /// several.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub camera: Option<String>,
    /// LeRobot: largest distance in time between a row and its frame, s; from 0 to [`SourceOptions::MAX_TOLERANCE`].
    pub tolerance: f64,
}

impl SourceOptions {
    /// LeRobot's default tolerance, s.
    pub const TOLERANCE: f64 = 1e-4;
    /// Largest tolerance, s: just below the time from one row to the next, so that a row never shows the frame of another.
    pub const MAX_TOLERANCE: f64 = 0.1 - 1e-4;

    /// Whether these are the defaults, which suit every layout.
    pub fn is_default(&self) -> bool {
        *self == Self::default()
    }
}

impl Default for SourceOptions {
    fn default() -> Self {
        Self {
            camera: None,
            tolerance: Self::TOLERANCE,
        }
    }
}
