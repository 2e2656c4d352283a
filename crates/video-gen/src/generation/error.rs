//! What can be wrong with what is to be generated.

use std::path::PathBuf;

use pusht_data::{DataError, SplitError, VideoError};
use pusht_vision::VisionError;
use video_io::VideoIoError;

use crate::{PixelError, VideoGenError};

/// Why there are no clips.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum GenerationError {
    /// No such model.
    #[error("{given:?} names no video model; expected {known}")]
    Choice {
        /// What was given.
        given: String,
        /// The forms that names have.
        known: String,
    },
    /// No files of such a model.
    #[error("there is no {model} model at {path:?}; expected {expected}")]
    NoModel {
        /// The kind of model.
        model: &'static str,
        /// The path.
        path: PathBuf,
        /// What there should be.
        expected: &'static str,
    },
    /// An option that means nothing to the model.
    #[error("{model} models have no {setting}; leave it out (options: {known})")]
    Setting {
        /// The kind of model.
        model: &'static str,
        /// The option.
        setting: String,
        /// The options that there are.
        known: String,
    },
    /// An option with a value of another kind.
    #[error("{setting} cannot be read: {reason}")]
    Value {
        /// The option.
        setting: String,
        /// What is wrong, and what was expected.
        reason: String,
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
    /// Data without states.
    #[error("{path:?} has no states to measure against; expected demonstrations with states")]
    NoStates {
        /// The data set.
        path: PathBuf,
    },
    /// Clips that are between pictures, where demonstrations are needed.
    #[error(
        "{path:?}: its clips are between pictures; expected clips of `pusht generate --data`, to be held against demonstrations"
    )]
    NoDemonstrations {
        /// The folder.
        path: PathBuf,
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
    /// Measures of motion.
    #[error(transparent)]
    Metric(#[from] traj_metrics::MetricError),
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
    pub(crate) fn io(path: &std::path::Path) -> impl FnOnce(std::io::Error) -> Self + '_ {
        |source| Self::Io {
            path: path.to_path_buf(),
            source,
        }
    }
}
