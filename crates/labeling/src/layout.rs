//! Layouts of the data set.

use serde::{Deserialize, Serialize};

/// How episodes are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Layout {
    /// LeRobot v3: parquet and MP4.
    #[cfg(feature = "lerobot")]
    LeRobot,
    /// The replay buffer of diffusion_policy.
    Zarr,
}
