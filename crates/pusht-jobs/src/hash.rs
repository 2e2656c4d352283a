//! SHA-256 of the inputs of results.

use std::io;
use std::path::{Path, PathBuf};

use serde::Serialize;
use sha2::{Digest, Sha256};

use crate::inputs::next_part;
use crate::{is_hidden, open_file};

/// Incremental SHA-256, returned in hexadecimal.
#[derive(Clone, Debug, Default)]
pub struct Hasher(Sha256);

impl Hasher {
    /// An empty hasher.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds bytes without a separator: `ab` and `c` give the same hash as `a` and `bc`.
    pub fn bytes(&mut self, bytes: impl AsRef<[u8]>) -> &mut Self {
        self.0.update(bytes);
        self
    }

    /// Adds the number of bytes (u64, little-endian), then the bytes, so that the boundary between fields counts.
    pub fn field(&mut self, bytes: impl AsRef<[u8]>) -> &mut Self {
        let bytes = bytes.as_ref();
        self.bytes((bytes.len() as u64).to_le_bytes()).bytes(bytes)
    }

    /// Adds the bytes of a file.
    ///
    /// # Errors
    /// A path that is no regular file or cannot be read; [`Cancelled`](crate::Cancelled) inside the error if the program is
    /// to stop.
    pub fn file(&mut self, path: impl AsRef<Path>) -> io::Result<&mut Self> {
        self.rest_of(&mut open_file(path)?)?;
        Ok(self)
    }

    /// Adds what is left to read, in parts, and returns the number of its bytes.
    ///
    /// # Errors
    /// As [`Hasher::file`].
    pub fn rest_of(&mut self, file: &mut impl io::Read) -> io::Result<u64> {
        let (mut bytes, mut all) = (Vec::new(), 0);
        loop {
            bytes.clear();
            match next_part(file, &mut bytes)? {
                0 => return Ok(all),
                length => all += length as u64,
            }
            self.bytes(&bytes);
        }
    }

    /// The hash, 64 hexadecimal digits.
    pub fn finish(self) -> String {
        self.0.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

/// Hash of bytes.
pub fn hash_bytes(bytes: impl AsRef<[u8]>) -> String {
    let mut hasher = Hasher::new();
    hasher.bytes(bytes);
    hasher.finish()
}

/// Hash of a value's compact JSON.
///
/// # Errors
/// A value that cannot be JSON.
pub fn hash_json(value: &impl Serialize) -> serde_json::Result<String> {
    Ok(hash_bytes(serde_json::to_vec(value)?))
}

/// The file at `path`, or the files in the folder there, sorted; subfolders and hidden files are skipped.
///
/// # Errors
/// A path that cannot be read.
pub fn files_at(path: impl AsRef<Path>) -> io::Result<Vec<PathBuf>> {
    let path = path.as_ref();
    if !std::fs::metadata(path)?.is_dir() {
        return Ok(vec![path.to_path_buf()]);
    }
    let mut files = std::fs::read_dir(path)?
        .map(|entry| Ok(entry?.path()))
        .collect::<io::Result<Vec<_>>>()?;
    files.retain(|file| file.is_file() && !is_hidden(file));
    files.sort();
    Ok(files)
}

/// Hash of a file's bytes, or of the concatenated bytes of all files in a folder that are not hidden, in the order of their names.
///
/// # Errors
/// A path that cannot be read.
pub fn hash_path(path: impl AsRef<Path>) -> io::Result<String> {
    let mut hasher = Hasher::new();
    for file in files_at(path)? {
        hasher.file(file)?;
    }
    Ok(hasher.finish())
}

/// Hash of a file's bytes.
///
/// # Errors
/// A file that cannot be read.
pub fn hash_file(path: impl AsRef<Path>) -> io::Result<String> {
    let mut hasher = Hasher::new();
    hasher.file(path)?;
    Ok(hasher.finish())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hashes_are_sha_256() {
        // FIPS 180-2, appendix B.1.
        let abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        let mut hasher = Hasher::new();
        hasher.bytes(b"a").bytes(b"bc");
        assert_eq!(hasher.finish(), abc);
        assert_eq!(hash_bytes("abc"), abc);
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), "abc").unwrap();
        assert_eq!(hash_file(file.path()).unwrap(), abc);
    }

    #[test]
    fn a_folder_is_hashed_as_its_files_in_the_order_of_their_names() {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in [("b", "c"), ("a", "ab")] {
            std::fs::write(folder.path().join(name), text).unwrap();
        }
        std::fs::create_dir(folder.path().join("c")).unwrap();
        let abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(hash_path(folder.path()).unwrap(), abc);
        let file = folder.path().join("a");
        assert_eq!(hash_path(&file).unwrap(), hash_file(&file).unwrap());
        assert!(hash_path(folder.path().join("d")).is_err());
    }

    #[test]
    fn fields_do_not_run_together() {
        let of = |fields: [&str; 2]| {
            let mut hasher = Hasher::new();
            fields.iter().for_each(|f| {
                hasher.field(f);
            });
            hasher.finish()
        };
        assert_ne!(of(["ab", "c"]), of(["a", "bc"]));
    }
}
