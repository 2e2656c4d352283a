//! Errors from data.

use std::path::{Path, PathBuf};

use pusht_jobs::LFS_POINTER;

use crate::EpisodeError;

/// Errors from reading, writing or making data.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DataError {
    /// No such file or folder.
    #[error("{path}: not found; expected {expected}")]
    NotFound {
        /// The requested path.
        path: PathBuf,
        /// What the path should hold.
        expected: &'static str,
    },
    /// A path that holds none of the supported layouts.
    #[error("{path}: {found}; expected {expected}")]
    Unrecognized {
        /// The requested path.
        path: PathBuf,
        /// What the path holds.
        found: String,
        /// The supported layouts.
        expected: &'static str,
    },
    /// An array of a replay buffer is missing or has another layout.
    #[error("{path}: array {array}: expected {expected}, found {found}")]
    Layout {
        /// The replay buffer.
        path: PathBuf,
        /// The array within it.
        array: String,
        /// What a PushT replay buffer has in this place.
        expected: String,
        /// What was found.
        found: String,
    },
    /// A table that cannot be read, or holds what cannot be meant.
    #[cfg(feature = "lerobot")]
    #[error(transparent)]
    Table(#[from] parquet_numbers::TableError),
    /// A chunk or file that cannot be read: truncated, corrupt, no permission.
    #[error("{path}: {item} cannot be read ({reason}); the copy is probably incomplete: fetch or make it again")]
    Unreadable {
        /// The file or replay buffer.
        path: PathBuf,
        /// The part of it that cannot be read.
        item: String,
        /// The reader's error.
        reason: String,
    },
    /// A Git LFS pointer in place of a file.
    #[error("{path} is {LFS_POINTER}")]
    LfsPointer {
        /// The file.
        path: PathBuf,
    },
    /// Options that the dataset's layout does not have.
    #[error(
        "{path}: a camera and a tolerance (--camera, --tolerance) are for LeRobot datasets, which have videos with times; \
         leave them out"
    )]
    NoOptions {
        /// The dataset.
        path: PathBuf,
    },
    /// A dataset with several cameras of which none was chosen, or without the chosen one.
    #[error("{path}: {}; expected {} (--camera NAME)", camera_found(.asked.as_deref()), .cameras.join(" or "))]
    Camera {
        /// The dataset.
        path: PathBuf,
        /// The chosen camera.
        asked: Option<String>,
        /// The cameras of the dataset.
        cameras: Vec<String>,
    },
    /// A tolerance that is negative, not finite, or reaches the neighboring row.
    #[error(
        "a tolerance of {found} s; expected 0 to {} s, less than the time from one row to the next",
        crate::SourceOptions::MAX_TOLERANCE
    )]
    Tolerance {
        /// The tolerance, s.
        found: f64,
    },
    /// A row without a frame at its time.
    #[error(
        "{path}: {video} has no frame at the time of row {row} of episode {episode}, {time:.4} s; {}, and the tolerance is \
         {tolerance} s: frames are missing, or the video's times are not the table's. Record or convert it again; frames at \
         up to {} s from their rows are accepted with --tolerance SECONDS",
        nearest_frame(*.nearest), crate::SourceOptions::MAX_TOLERANCE
    )]
    NoFrame {
        /// The dataset.
        path: PathBuf,
        /// The video within it.
        video: String,
        /// Number of the episode.
        episode: usize,
        /// Row of the episode, from 0.
        row: usize,
        /// Time in the video at which the row's frame should be, s.
        time: f64,
        /// Time of the nearest frame, s; `None` if the video has no frames.
        nearest: Option<f64>,
        /// The tolerance, s.
        tolerance: f64,
    },
    /// An invalid value.
    #[error("{path}: {item}, row {row}: found {found}, expected {expected}")]
    Value {
        /// The file or replay buffer.
        path: PathBuf,
        /// The part of it with the value.
        item: String,
        /// First bad row.
        row: usize,
        /// The value found.
        found: String,
        /// The valid values.
        expected: &'static str,
    },
    /// An episode or row beyond the end.
    #[error("{path}: asked for {asked}, but there are only {available}")]
    OutOfRange {
        /// The file or replay buffer.
        path: PathBuf,
        /// The requested item.
        asked: String,
        /// The available items.
        available: String,
    },
    /// A number of episodes of zero, or beyond the available ones.
    #[error("{path}: {asked} episodes asked for; expected 1 to {available}")]
    Episodes {
        /// The file or replay buffer.
        path: PathBuf,
        /// The requested number.
        asked: usize,
        /// The available number.
        available: usize,
    },
    /// An episode with invalid content.
    #[error("{path}: {source}")]
    Episode {
        /// The file or replay buffer.
        path: PathBuf,
        /// The violation.
        source: EpisodeError,
    },
    /// An episode that the simulator refuses.
    #[error("{path}: episode {index} cannot be simulated: {reason}")]
    Simulation {
        /// The file, or the name of the source.
        path: PathBuf,
        /// Its index.
        index: usize,
        /// The environment's error.
        reason: String,
    },
    /// Demonstrations that the expert cannot make.
    #[error("{path}: no demonstrations: {reason}")]
    Demonstrations {
        /// The target path.
        path: PathBuf,
        /// The invalid setting, or the expert's error.
        reason: String,
    },
    /// An episode that differs from its recording when simulated again.
    #[error(
        "{path}: episode {index} does not follow from its seed and actions: a reset to seed {index} in the environment \
         {environment}, followed by the recorded actions, gives {} and {pixels} of {all} pixels other than recorded{}. A \
         dataset of starts and actions can hold only what the simulator reproduces; {}, or convert to replay-buffer or \
         lerobot, which keep frames and states as they were recorded",
        states_differ(*.states), lossy_frames(*.lossy), remedy(environment, *.lossy)
    )]
    Diverges {
        /// The dataset.
        path: PathBuf,
        /// First episode that differs.
        index: usize,
        /// Largest difference between values of a state; infinite if the numbers of rows differ.
        states: f64,
        /// Pixels that differ.
        pixels: usize,
        /// Pixels compared.
        all: usize,
        /// The environment that was tried.
        environment: &'static str,
        /// Whether the dataset's frames are stored with loss, so that some pixels always differ.
        lossy: bool,
    },
    /// The job was cancelled.
    #[error(transparent)]
    Cancelled(#[from] pusht_jobs::Cancelled),
    /// An error of the journal of an unfinished job.
    #[error(transparent)]
    Journal(#[from] pusht_jobs::JournalError),
    /// Parts that do not form one dataset.
    #[error(transparent)]
    Parts(#[from] pusht_jobs::ShardError),
    /// The path of a new dataset exists already.
    #[error("{path} exists already; remove it or choose another name")]
    Exists {
        /// The path.
        path: PathBuf,
    },
    /// A file that cannot be written.
    #[error("{path}: cannot be written ({reason}); check the folder, its permissions and the free space")]
    Unwritable {
        /// The file or folder.
        path: PathBuf,
        /// The system's error.
        reason: String,
    },
}

fn camera_found(asked: Option<&str>) -> String {
    asked.map_or_else(
        || "it has several cameras".to_owned(),
        |asked| format!("it has no camera {asked:?}"),
    )
}

fn states_differ(states: f64) -> String {
    if states.is_infinite() {
        return "another number of rows".to_owned();
    }
    format!("states that differ by up to {states:.1e} px or rad")
}

const fn lossy_frames(lossy: bool) -> &'static str {
    if lossy {
        " (the dataset's video is compressed with loss, which alone changes pixels)"
    } else {
        ""
    }
}

fn remedy(environment: &str, lossy: bool) -> String {
    if lossy {
        return "convert the dataset from which this one was made".to_owned();
    }
    let other = match environment {
        "gym-pusht" => "diffusion-policy",
        _ => "gym-pusht",
    };
    format!("say --recorded-in {other} if it was recorded there, with episode e from seed e")
}

fn nearest_frame(time: Option<f64>) -> String {
    time.map_or_else(
        || "it has no frames".to_owned(),
        |time| format!("the nearest one is at {time:.4} s"),
    )
}

impl DataError {
    /// This error of reading `file`, or what explains it: a Git LFS pointer in the file's place.
    #[cfg(any(feature = "zarr", feature = "lerobot"))]
    pub(crate) fn or_pointer(self, file: &Path) -> Self {
        if pusht_jobs::is_lfs_pointer(file) {
            return Self::LfsPointer {
                path: file.to_path_buf(),
            };
        }
        self
    }

    /// Adds the path that could not be written.
    pub(crate) fn unwritable(path: &Path, reason: &(impl ToString + ?Sized)) -> Self {
        Self::Unwritable {
            path: path.to_path_buf(),
            reason: reason.to_string(),
        }
    }

    /// Adds the path from which an episode came.
    pub(crate) fn episode(path: &Path, source: EpisodeError) -> Self {
        Self::Episode {
            path: path.to_path_buf(),
            source,
        }
    }
}
