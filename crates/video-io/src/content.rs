//! Content hash of a video.

use std::fs;
use std::io;
use std::path::Path;

use pusht_jobs::{Hasher, files_at};

use crate::find::is_png_file;

/// SHA-256 of a video's content, hexadecimal: for a file, of its bytes; for a folder, of name, length and bytes of each
/// PNG file in the order of their names.
///
/// # Errors
/// A path that cannot be read.
pub fn content_hash(path: impl AsRef<Path>) -> io::Result<String> {
    let path = path.as_ref();
    let mut hasher = Hasher::new();
    if fs::metadata(path)?.is_dir() {
        for file in files_at(path)?.into_iter().filter(|file| is_png_file(file)) {
            let name = file.file_name().unwrap_or_default().to_string_lossy();
            hasher.field(name.as_bytes()).field(fs::read(&file)?);
        }
    } else {
        hasher.file(path)?;
    }
    Ok(hasher.finish())
}
