//! Why a model cannot be fine-tuned.

use std::path::{Path, PathBuf};

use nn_kit::CheckpointError;
use nn_kit::memory::MemoryError;
use nn_kit::settings::SettingsError;
use pusht_data::{DataError, VideoModelError};
use pusht_vision::VisionError;
use training::TrainingError;
use video_io::VideoIoError;

/// See the module.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FinetuneError {
    /// A setting that cannot be.
    #[error("{setting} is {found}; expected {expected}")]
    Setting {
        /// Its name.
        setting: String,
        /// Its value.
        found: String,
        /// What it should be.
        expected: String,
    },
    /// A path without videos.
    #[error(
        "{path:?} holds no videos: {reason}; expected MP4 or GIF files, folders of PNG files, one such video, a zarr replay \
         buffer, a LeRobot v3 set or a file of `pusht demos record`"
    )]
    NoVideos {
        /// The path.
        path: PathBuf,
        /// What is there.
        reason: String,
    },
    /// Videos that are too short.
    #[error(
        "{path:?}: the longest of {videos} videos has {longest} frames; expected at least {frames}, one clip's (set frames)"
    )]
    Short {
        /// The data.
        path: PathBuf,
        /// How many.
        videos: usize,
        /// Their longest.
        longest: usize,
        /// Frames of a clip.
        frames: usize,
    },
    /// A picture that is none.
    #[error("video {video} of {path:?} changes the size of its frames, or has frames without pixels")]
    Picture {
        /// The data.
        path: PathBuf,
        /// Which.
        video: usize,
    },
    /// More memory than there may be.
    #[error(transparent)]
    Memory(#[from] MemoryError),
    /// The settings of a model's schedule.
    #[error(transparent)]
    Settings(#[from] SettingsError),
    /// A file.
    #[error("{action} {path:?} failed: {reason}")]
    Io {
        /// `reading` or `writing`.
        action: &'static str,
        /// The file.
        path: PathBuf,
        /// What the system says.
        reason: String,
    },
    /// The job was asked to stop while clips were prepared.
    #[error(transparent)]
    Cancelled(#[from] pusht_jobs::Cancelled),
    /// LTX-Video.
    #[error(transparent)]
    Ltx(#[from] ltx_video::Error),
    /// Cosmos-Predict1.
    #[error(transparent)]
    Cosmos(#[from] cosmos_predict::Error),
    /// The prompt.
    #[error(transparent)]
    Text(#[from] t5_encoder::Error),
    /// Weights.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
    /// Demonstrations.
    #[error(transparent)]
    Data(#[from] DataError),
    /// Videos.
    #[error(transparent)]
    Video(#[from] VideoIoError),
    /// Sampling.
    #[error(transparent)]
    Sampling(#[from] VideoModelError),
    /// Measuring.
    #[error(transparent)]
    Vision(#[from] VisionError),
    /// The loop.
    #[error(transparent)]
    Training(#[from] TrainingError),
}

impl FinetuneError {
    pub(crate) fn setting(setting: &str, found: impl ToString, expected: impl Into<String>) -> Self {
        Self::Setting {
            setting: setting.to_string(),
            found: found.to_string(),
            expected: expected.into(),
        }
    }

    pub(crate) fn io<E: std::fmt::Display>(action: &'static str, path: &Path) -> impl FnOnce(E) -> Self {
        let path = path.to_path_buf();
        move |error| Self::Io {
            action,
            path,
            reason: error.to_string(),
        }
    }
}
