//! What a video is, by its bytes.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use pusht_jobs::Hasher;

use crate::find::is_png_file;

/// SHA-256 of a video's content, hexadecimal: of a file, its bytes; of a folder, name, length and bytes of each PNG file in
/// the order of their names.
///
/// # Errors
/// A path that cannot be read.
pub fn content_hash(path: impl AsRef<Path>) -> io::Result<String> {
    let path = path.as_ref();
    let mut hasher = Hasher::new();
    if fs::metadata(path)?.is_dir() {
        let entries: io::Result<Vec<PathBuf>> = fs::read_dir(path)?.map(|entry| Ok(entry?.path())).collect();
        let mut files = entries?;
        files.retain(|file| is_png_file(file));
        files.sort();
        for file in files {
            let name = file.file_name().unwrap_or_default().to_string_lossy();
            hasher.field(name.as_bytes()).field(fs::read(&file)?);
        }
    } else {
        hasher.file(path)?;
    }
    Ok(hasher.finish())
}
