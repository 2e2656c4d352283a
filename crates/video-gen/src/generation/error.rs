//! What can be wrong with what is to be generated.

use std::path::PathBuf;

use pusht_data::{DataError, SplitError, VideoError};
use pusht_vision::VisionError;
use video_io::VideoIoError;

use crate::{PixelError, VideoGenError};

/// Why there are no clips.
#[derive(Debug, thiserror::Error)]
pub enum GenerationError {
    /// No such model.
    #[error("{given:?} names no video model; expected object:FILE, pixel:DIR, ltx:PATH or cosmos:PATH")]
    Choice {
        /// What was given.
        given: String,
    },
    /// No files of such a model.
    #[error("there is no {model} at {path:?}; expected {expected}")]
    NoModel {
        /// The kind of model.
        model: &'static str,
        /// The path.
        path: PathBuf,
        /// What there should be.
        expected: &'static str,
    },
    /// A setting that means nothing to the model.
    #[error("{model} models have no {setting}; leave it out")]
    Setting {
        /// The kind of model.
        model: &'static str,
        /// The setting.
        setting: &'static str,
    },
    /// A setting that must be above 0.
    #[error("{setting} is not above 0; expected a finite number above 0, or leave it out")]
    NotPositive {
        /// The setting.
        setting: &'static str,
    },
    /// A picture that a clip cannot begin or end with.
    #[error("{path:?} cannot be a clip's first or last frame: {reason}")]
    Picture {
        /// The file.
        path: PathBuf,
        /// What is wrong, and what was expected.
        reason: String,
    },
    /// A data set without an episode as long as a clip.
    #[error("no episode of the {part} part of {path:?} has {frames} frames; ask for fewer frames or another part")]
    TooShort {
        /// The data set.
        path: PathBuf,
        /// The part.
        part: &'static str,
        /// Frames of a clip.
        frames: usize,
    },
    /// Nothing to generate.
    #[error("a count of 0 clips; expected at least 1")]
    NoClips,
    /// A folder with files that are not ours, which clips could overwrite.
    #[error("{path:?} has files in it but no generation.json; choose a new or empty folder")]
    NotEmpty {
        /// The folder.
        path: PathBuf,
    },
    /// A folder that belongs to something else.
    #[error(
        "{path:?} was made with {setting} = {found}, now it is {asked}; go on with the old settings, or choose another folder"
    )]
    OtherSettings {
        /// Its record.
        path: PathBuf,
        /// What differs.
        setting: String,
        /// In the record.
        found: String,
        /// Now.
        asked: String,
    },
    /// A record that cannot be understood.
    #[error("{path:?} cannot be read: {reason}; remove it, or choose another folder")]
    Record {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// The record of the training of adapters.
    #[error("{path:?}, how the adapters beside it were trained, cannot be read: {reason}; move it away to do without")]
    Adapters {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// A file or folder.
    #[error("{path:?}: {source}")]
    Io {
        /// Its path.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// It was asked to stop.
    #[error("stopped after {done} of {count} clips; the same command goes on")]
    Stopped {
        /// Clips that are done.
        done: usize,
        /// Clips asked for.
        count: usize,
    },
    /// The data set.
    #[error(transparent)]
    Data(#[from] DataError),
    /// Its split.
    #[error(transparent)]
    Split(#[from] SplitError),
    /// The model's answer.
    #[error(transparent)]
    Video(#[from] VideoError),
    /// A video file.
    #[error(transparent)]
    VideoIo(#[from] VideoIoError),
    /// The board of a picture.
    #[error(transparent)]
    Vision(#[from] VisionError),
    /// The object-latent model.
    #[error(transparent)]
    Object(#[from] VideoGenError),
    /// The pixel model.
    #[error(transparent)]
    Pixel(#[from] PixelError),
    /// LTX-Video.
    #[error(transparent)]
    Ltx(#[from] ltx_video::Error),
    /// Cosmos-Predict1.
    #[error(transparent)]
    Cosmos(#[from] cosmos_predict::Error),
    /// The text encoder.
    #[error(transparent)]
    Text(#[from] t5_encoder::Error),
}

impl GenerationError {
    /// For `map_err`.
    pub(super) fn io(path: &std::path::Path) -> impl FnOnce(std::io::Error) -> Self + '_ {
        |source| Self::Io {
            path: path.to_path_buf(),
            source,
        }
    }
}
