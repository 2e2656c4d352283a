//! Errors of fine-tuning.

use std::path::{Path, PathBuf};

use nn_kit::CheckpointError;
use nn_kit::memory::MemoryError;
use nn_kit::settings::SettingsError;
use pusht_data::{DataError, VideoModelError};
use pusht_vision::VisionError;
use training::TrainingError;
use video_io::VideoIoError;

/// Errors of a fine-tuning run.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FinetuneError {
    /// A setting is invalid.
    #[error("{setting} is {found}; expected {expected}")]
    Setting {
        /// Name of the setting.
        setting: String,
        /// The given value.
        found: String,
        /// Allowed values.
        expected: String,
    },
    /// The path has no videos.
    #[error(
        "{path:?} holds no videos: {reason}; expected MP4 or GIF files, folders of PNG files, one such video, a zarr replay \
         buffer, a LeRobot v3 set or a file of `pusht demos record`"
    )]
    NoVideos {
        /// The path.
        path: PathBuf,
        /// What was found there.
        reason: String,
    },
    /// All videos are too short.
    #[error(
        "{path:?}: the longest of {videos} videos has {longest} frames; expected at least {frames}, one clip's (set frames)"
    )]
    Short {
        /// The data.
        path: PathBuf,
        /// Number of videos.
        videos: usize,
        /// Frames of the longest video.
        longest: usize,
        /// Frames per clip.
        frames: usize,
    },
    /// A video changes its frame size, or has empty frames.
    #[error("video {video} of {path:?} changes the size of its frames, or has frames without pixels")]
    Picture {
        /// The data.
        path: PathBuf,
        /// Index of the video.
        video: usize,
    },
    /// The run needs more memory than the limit.
    #[error(transparent)]
    Memory(#[from] MemoryError),
    /// An error of the settings of a model's schedule.
    #[error(transparent)]
    Settings(#[from] SettingsError),
    /// A file cannot be read or written.
    #[error("{action} {path:?} failed: {reason}")]
    Io {
        /// `reading` or `writing`.
        action: &'static str,
        /// The file.
        path: PathBuf,
        /// Error of the operating system.
        reason: String,
    },
    /// The job was cancelled while clips were prepared.
    #[error(transparent)]
    Cancelled(#[from] pusht_jobs::Cancelled),
    /// An error of LTX-Video.
    #[error(transparent)]
    Ltx(#[from] ltx_video::Error),
    /// An error of Cosmos-Predict1.
    #[error(transparent)]
    Cosmos(#[from] cosmos_predict::Error),
    /// An error of the text encoder.
    #[error(transparent)]
    Text(#[from] t5_encoder::Error),
    /// An error of the weights.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
    /// An error of the demonstrations.
    #[error(transparent)]
    Data(#[from] DataError),
    /// An error of a video.
    #[error(transparent)]
    Video(#[from] VideoIoError),
    /// An error of sampling.
    #[error(transparent)]
    Sampling(#[from] VideoModelError),
    /// An error of measuring samples.
    #[error(transparent)]
    Vision(#[from] VisionError),
    /// An error of the training loop.
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
