//! Content hash of a video.

use std::fs;
use std::io;
use std::path::Path;

use pusht_jobs::{Hasher, begins_with, files_at, open_file};

use crate::extensions::is_png_file;
use crate::read::require_video;

/// SHA-256 of a video's content, hexadecimal: for a file, of its bytes; for a folder, of name, length and bytes of each
/// PNG file in the order of their names.
///
/// # Errors
/// A path that cannot be read; a file whose first bytes are not those of a video, or a `.png` file that is none, of which
/// nothing more is read; [`Cancelled`](pusht_jobs::Cancelled) inside the error if the program is to stop.
pub fn content_hash(path: impl AsRef<Path>) -> io::Result<String> {
    let path = path.as_ref();
    let mut hasher = Hasher::new();
    if fs::metadata(path)?.is_dir() {
        for file in files_at(path)?.into_iter().filter(|file| is_png_file(file)) {
            if !begins_with(&file, b"\x89PNG") {
                return Err(io::Error::other(format!("{} is no PNG file", file.display())));
            }
            let name = file.file_name().unwrap_or_default().to_string_lossy();
            let mut bytes = open_file(&file)?;
            let length = bytes.metadata()?.len();
            // As a field of its bytes: a length, then so many of them.
            hasher.field(name.as_bytes()).bytes(length.to_le_bytes());
            hasher.rest_of(&mut io::Read::take(&mut bytes, length))?;
        }
    } else {
        require_video(path).map_err(io::Error::other)?;
        hasher.file(path)?;
    }
    Ok(hasher.finish())
}
