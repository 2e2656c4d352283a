//! Errors of selecting and loading a video model.

use std::path::PathBuf;

use crate::{PixelVideoError, VideoGenError};

/// Errors of selecting and loading a video model.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ModelError {
    /// The text names no video model.
    #[error("{given:?} names no video model; expected {known}")]
    Choice {
        /// The given text.
        given: String,
        /// The valid forms.
        known: String,
    },
    /// There are no files of such a model.
    #[error("there is no {model} model at {path:?}; expected {expected}")]
    NoModel {
        /// The kind of model.
        model: &'static str,
        /// The path.
        path: PathBuf,
        /// The expected files.
        expected: &'static str,
    },
    /// A name of the Hugging Face Hub where a folder is needed.
    #[error(
        "hub:{name} is a name of the Hugging Face Hub, which only the program `pusht` looks up; download the repository and give \
         its folder"
    )]
    NotLocated {
        /// The name.
        name: String,
    },
    /// The model does not have the option.
    #[error("{model} models have no {setting}; leave it out (options: {known})")]
    Setting {
        /// The kind of model.
        model: &'static str,
        /// The option.
        setting: String,
        /// The model's options.
        known: String,
    },
    /// The value of an option has the wrong type.
    #[error("{setting} cannot be read: {reason}")]
    Value {
        /// The option.
        setting: String,
        /// The error, and what was expected.
        reason: String,
    },
    /// A setting is not above 0.
    #[error("{setting} is not above 0; expected a finite number above 0, or leave it out")]
    NotPositive {
        /// The setting.
        setting: &'static str,
    },
    /// The record beside the adapters cannot be read.
    #[error("{path:?}, how the adapters beside it were trained, cannot be read: {reason}; move it away to do without")]
    Adapters {
        /// The file.
        path: PathBuf,
        /// The error.
        reason: String,
    },
    /// A file or folder cannot be read.
    #[error("{path:?}: {source}")]
    Io {
        /// Its path.
        path: PathBuf,
        /// Error of the operating system.
        source: std::io::Error,
    },
    /// An error of the object-latent model.
    #[error(transparent)]
    Object(#[from] VideoGenError),
    /// An error of the pixel model.
    #[error(transparent)]
    Pixel(#[from] PixelVideoError),
    /// An error of LTX-Video.
    #[error(transparent)]
    Ltx(#[from] ltx_video::Error),
    /// An error of Cosmos-Predict1.
    #[error(transparent)]
    Cosmos(#[from] cosmos_predict::Error),
    /// An error of the text encoder.
    #[error(transparent)]
    Text(#[from] t5_encoder::Error),
}

impl ModelError {
    /// For `map_err`.
    pub(super) fn io(path: &std::path::Path) -> impl FnOnce(std::io::Error) -> Self + '_ {
        |source| Self::Io {
            path: path.to_path_buf(),
            source,
        }
    }
}
