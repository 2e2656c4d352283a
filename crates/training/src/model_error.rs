//! Errors of model files.

use std::path::PathBuf;

/// Why a model file cannot be written or used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ModelFileError {
    /// Reading or writing failed.
    #[error("{action} the model file {path:?} failed: {reason}")]
    Io {
        /// `reading` or `writing`.
        action: &'static str,
        /// The file.
        path: PathBuf,
        /// What the system says.
        reason: String,
    },
    /// A file that is not what was written.
    #[error("the model file {path:?} is damaged: {reason}; copy it again, or train the model anew")]
    Damaged {
        /// The file.
        path: PathBuf,
        /// How that shows.
        reason: &'static str,
    },
    /// Not safetensors, or without our metadata.
    #[error("{path:?} is not a model file of this software: {reason}; expected safetensors written by `save`")]
    NotAModel {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// A model of another kind or version.
    #[error("{path:?} holds a model of kind {found:?}; expected {expected:?}")]
    OtherKind {
        /// The file.
        path: PathBuf,
        /// Kinds that were asked for.
        expected: String,
        /// The kind in the file.
        found: String,
    },
    /// The configuration in the file does not fit its kind.
    #[error("the configuration in {path:?} is not one of a {kind:?} model: {reason}")]
    Config {
        /// The file.
        path: PathBuf,
        /// The kind in the file.
        kind: String,
        /// What is wrong with it.
        reason: String,
    },
    /// Parameters that are missing, left over or of another shape.
    #[error("the parameters in {path:?} do not fit its configuration: {reason}")]
    Parameters {
        /// The file.
        path: PathBuf,
        /// Which, and how.
        reason: String,
    },
    /// NaN or infinite weights.
    #[error("the parameter {parameter} in {path:?} holds numbers that are not finite; train the model anew")]
    NotFinite {
        /// The file.
        path: PathBuf,
        /// Its name.
        parameter: String,
    },
}
