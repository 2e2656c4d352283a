//! A single weight file: safetensors, or a PyTorch pickle without code.

use std::io::Read;
use std::path::Path;

use pusht_jobs::is_lfs_pointer;

use crate::checkpoint::{Checkpoint, Contents};
use crate::checkpoint_error::CheckpointError;
use crate::{pickle_file, safetensors_file};

/// First bytes of files that are often taken for weights, and what they are.
const OTHERS: [(&[u8], &str); 8] = [
    (b"<", "a web page or XML, not the file; download it again"),
    (b"{", "JSON"),
    (b"[", "JSON"),
    (b"\x1f\x8b", "gzip-compressed data; decompress it first"),
    (b"GGUF", "GGUF weights"),
    (b"\x89HDF", "HDF5, as Keras writes it"),
    (b"\x93NUMPY", "a NumPy array"),
    (b"ONNX", "an ONNX model"),
];

/// Opens one file.
pub(crate) fn open(path: &Path) -> Result<Checkpoint, CheckpointError> {
    let unreadable = |reason: String| CheckpointError::Unreadable {
        path: path.to_path_buf(),
        reason,
    };
    refuse_pointer(path)?;
    let head = head(path).map_err(|error| unreadable(error.to_string()))?;
    // A safetensors file begins with the length of its header, which begins with a brace.
    if head.get(8) == Some(&b'{') {
        let (tensors, metadata) = safetensors_file::open(path).map_err(unreadable)?;
        let contents = Contents {
            metadata,
            ..Contents::default()
        };
        return Checkpoint::new(path, tensors, contents);
    }
    let text = head.trim_ascii_start();
    let other = OTHERS.iter().find(|(start, _)| text.starts_with(start));
    match other {
        _ if head.is_empty() => Err(CheckpointError::other(path, "nothing, it is empty")),
        Some((_, what)) => Err(CheckpointError::other(path, what)),
        None => pickle_file::open(path),
    }
}

/// Refuses a Git LFS pointer.
pub(crate) fn refuse_pointer(path: &Path) -> Result<(), CheckpointError> {
    match is_lfs_pointer(path) {
        true => Err(CheckpointError::Pointer {
            path: path.to_path_buf(),
        }),
        false => Ok(()),
    }
}

/// The first 64 bytes.
fn head(path: &Path) -> std::io::Result<Vec<u8>> {
    let mut head = Vec::new();
    pusht_jobs::open_file(path)?.take(64).read_to_end(&mut head)?;
    Ok(head)
}
