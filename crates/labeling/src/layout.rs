//! Formats of the dataset.

use serde::{Deserialize, Serialize};

/// Format of a dataset.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Layout {
    /// LeRobot v3: parquet and MP4.
    #[cfg(feature = "lerobot")]
    LeRobot,
    /// Zarr: the replay buffer of diffusion_policy.
    Zarr,
}
