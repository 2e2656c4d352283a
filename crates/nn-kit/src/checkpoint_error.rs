//! Errors of reading and loading weight files.

use std::path::PathBuf;

/// Why a checkpoint cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CheckpointError {
    /// Not a checkpoint, or cut short.
    #[error("{path:?} cannot be read as a checkpoint: {reason}; expected a PyTorch .pth or a .safetensors file")]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the reader says.
        reason: String,
    },
    /// A pickle that holds more than tensors and plain values.
    #[error(
        "{path:?} asks for Python code: {entry} is a {object}; expected tensors, numbers and text only (nothing was \
         run; save `model.state_dict()` alone if you trust the file)"
    )]
    Code {
        /// The file.
        path: PathBuf,
        /// Where in the file.
        entry: String,
        /// The Python object it would make.
        object: String,
    },
    /// Tensors that are missing, left over or of another shape.
    #[error("the tensors in {path:?} do not fit the model: {reason}")]
    Tensors {
        /// The file.
        path: PathBuf,
        /// Which, what was expected and what was found.
        reason: String,
    },
    /// A published file that is not the one that was published.
    #[error("the SHA-256 of {path:?} is {found}; expected it to begin with {expected}: delete it and fetch it again")]
    Hash {
        /// The file.
        path: PathBuf,
        /// What the hash begins with.
        expected: &'static str,
        /// The hash.
        found: String,
    },
    /// A published file that is not here and cannot be fetched.
    #[error("{url} cannot be fetched: {reason}; or put the file at {path:?}, or give the path of one")]
    Download {
        /// Where it is published.
        url: &'static str,
        /// Where it is looked for.
        path: PathBuf,
        /// What is in the way.
        reason: String,
    },
    /// NaN or infinite weights.
    #[error("the tensor {tensor} in {path:?} holds numbers that are not finite; expected finite weights")]
    NotFinite {
        /// The file.
        path: PathBuf,
        /// Its name.
        tensor: String,
    },
}
