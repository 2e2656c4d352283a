//! Errors of reading and loading weight files.

use std::path::{Path, PathBuf};

use pusht_jobs::LFS_POINTER;

/// Errors of reading, fetching and loading checkpoints.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CheckpointError {
    /// A file that is not a checkpoint, or is truncated.
    #[error("{path:?} cannot be read as a checkpoint: {reason}; expected a PyTorch .pth or a .safetensors file")]
    Unreadable {
        /// Path of the file.
        path: PathBuf,
        /// Message of the reader.
        reason: String,
    },
    /// A Git LFS pointer in place of the file.
    #[error("{path:?} is {LFS_POINTER}")]
    Pointer {
        /// Path of the file.
        path: PathBuf,
    },
    /// A file that holds something else than the expected weights.
    #[error("{path:?} holds {found}; expected {expected}")]
    Content {
        /// Path of the file.
        path: PathBuf,
        /// What the file holds.
        found: String,
        /// What was expected, and what to do.
        expected: String,
    },
    /// A pickle that holds more than tensors and plain values.
    #[error(
        "{path:?} asks for Python code: {entry} is a {object}; expected tensors, numbers and text only (nothing was \
         run; save `model.state_dict()` alone if you trust the file)"
    )]
    Code {
        /// Path of the file.
        path: PathBuf,
        /// Entry of the pickle.
        entry: String,
        /// Python object that the entry would create.
        object: String,
    },
    /// Tensors that are missing, left over or of another shape.
    #[error("the tensors in {path:?} do not fit the model: {reason}")]
    Tensors {
        /// Path of the file.
        path: PathBuf,
        /// The tensors, with what was expected and found.
        reason: String,
    },
    /// A published file whose hash is not the known one.
    #[error("the SHA-256 of {path:?} is {found}; expected it to begin with {expected}: delete it and fetch it again")]
    Hash {
        /// Path of the file.
        path: PathBuf,
        /// Expected first digits of the hash.
        expected: &'static str,
        /// Hash of the file.
        found: String,
    },
    /// A published file that is not in the cache folder.
    #[error("{path:?} is not there; download {url} to it, or give the path of such a file")]
    Download {
        /// Address of the file.
        url: &'static str,
        /// Path where the file is expected.
        path: PathBuf,
    },
    /// A number format in which the device does not compute.
    #[error("the weights of {path:?} were asked for in {format}, in which this device does not compute; take f32")]
    NumberFormat {
        /// Path of the file.
        path: PathBuf,
        /// The format.
        format: &'static str,
    },
    /// NaN or infinite weights.
    #[error("the tensor {tensor} in {path:?} holds numbers that are not finite; expected finite weights")]
    NotFinite {
        /// Path of the file.
        path: PathBuf,
        /// Name of the tensor.
        tensor: String,
    },
}

impl CheckpointError {
    /// Error for a file that is no weight file.
    pub(crate) fn other(path: &Path, found: &str) -> Self {
        Self::Content {
            path: path.to_path_buf(),
            found: found.to_string(),
            expected: "a PyTorch .pth or a .safetensors file".to_string(),
        }
    }
}
