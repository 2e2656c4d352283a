//! Why a model cannot be loaded.

use std::path::PathBuf;

use crate::{PixelError, VideoGenError};

/// Why a model cannot be loaded.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ModelError {
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

impl ModelError {
    /// For `map_err`.
    pub(super) fn io(path: &std::path::Path) -> impl FnOnce(std::io::Error) -> Self + '_ {
        |source| Self::Io {
            path: path.to_path_buf(),
            source,
        }
    }
}
