//! Errors of model files.

use std::path::{Path, PathBuf};

use pusht_jobs::{LFS_POINTER, is_lfs_pointer};

/// Errors of model files.
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
        /// The system's error.
        reason: String,
    },
    /// A Git LFS pointer in place of the file.
    #[error("{path:?} is {LFS_POINTER}")]
    Pointer {
        /// The file.
        path: PathBuf,
    },
    /// A file whose content was changed or cut off.
    #[error("the model file {path:?} is damaged: {reason}; copy it again, or train the model anew")]
    Damaged {
        /// The file.
        path: PathBuf,
        /// Evidence of the damage.
        reason: &'static str,
    },
    /// A file that is not safetensors, or lacks the metadata of [`crate::save_model`].
    #[error(
        "{path:?} is not a model file of this software: {reason}; expected what `pusht train` writes (safetensors; weights of \
         PyTorch, .pt, .pth and .pkl, are not read here)"
    )]
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
        /// The accepted kinds.
        expected: String,
        /// The kind in the file.
        found: String,
    },
    /// A configuration that does not match the kind in the file.
    #[error("the configuration in {path:?} is not one of a {kind:?} model: {reason}")]
    Config {
        /// The file.
        path: PathBuf,
        /// The kind in the file.
        kind: String,
        /// What is wrong with it.
        reason: String,
    },
    /// Parameters that are missing, superfluous or of another shape.
    #[error("the parameters in {path:?} do not fit its configuration: {reason}")]
    Parameters {
        /// The file.
        path: PathBuf,
        /// The parameters, and what is wrong with them.
        reason: String,
    },
    /// NaN or infinite weights.
    #[error("the parameter {parameter} in {path:?} holds numbers that are not finite; train the model anew")]
    NotFinite {
        /// The file.
        path: PathBuf,
        /// Name of the parameter.
        parameter: String,
    },
}

impl ModelFileError {
    /// Refuses a Git LFS pointer.
    pub(crate) fn unless_pointer(path: &Path) -> Result<(), Self> {
        match is_lfs_pointer(path) {
            true => Err(Self::Pointer {
                path: path.to_path_buf(),
            }),
            false => Ok(()),
        }
    }
}
