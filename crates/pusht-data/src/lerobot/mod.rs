//! LeRobot datasets, version 3: parquet tables of rows and episodes, images as MP4, `meta/info.json` for the rest.
//!
//! ```text
//! meta/info.json                                features, paths, numbers; written last
//! meta/tasks.parquet, meta/stats.json           task description; normalization
//! meta/episodes/chunk-000/file-000.parquet      lengths, and locations of the rows and images of an episode
//! meta/pusht.json                               goal and provenance of the episodes; other readers ignore it
//! data/chunk-000/file-000.parquet               action, positions, timestamp = frame_index / fps, …
//! videos/observation.image/chunk-000/file-000.mp4
//! ```

mod info;
mod pictures;
mod places;
mod read;
mod rows;
mod stats;
mod write;

pub use read::LeRobotSet;
pub use write::write_lerobot;

use serde::{Deserialize, Serialize};

use crate::Provenance;

/// Frames per second of every dataset.
const FPS: u32 = 10;

/// Files per chunk folder, LeRobot's default.
const CHUNK: usize = 1000;

/// The feature that holds the images.
const IMAGE: &str = "observation.image";

/// Agent position.
const AGENT: &str = "observation.state";

/// Pose of the T; not named `observation.…`, because LeRobot's policies take all of those as inputs.
const BLOCK: &str = "block_pose";

const TASK: &str = "Push the T-shaped block onto the T-shaped target.";

/// An entry of `meta/pusht.json`, one per episode.
#[derive(Serialize, Deserialize)]
struct Extra {
    /// x, y, angle.
    goal: [f64; 3],
    provenance: Provenance,
}
