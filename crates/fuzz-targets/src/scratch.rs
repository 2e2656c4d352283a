//! A folder in memory for inputs of readers that take a path.

use std::fs;
use std::path::{Path, PathBuf};

use pusht_jobs::absent_is_fine;
use tempfile::TempDir;

use crate::unpack_files;

/// File system in memory, where there is one.
const MEMORY: &str = "/dev/shm";

/// A temporary folder.
pub(crate) struct Scratch(TempDir);

impl Scratch {
    #[expect(clippy::expect_used, reason = "without the folder there is nothing to test")]
    pub(crate) fn new() -> Self {
        let mut builder = tempfile::Builder::new();
        builder.prefix("pusht-fuzz-");
        let folder = match Path::new(MEMORY).is_dir() {
            true => builder.tempdir_in(MEMORY),
            false => builder.tempdir(),
        };
        Self(folder.expect("the temporary folder can be created"))
    }

    pub(crate) fn path(&self) -> &Path {
        self.0.path()
    }

    /// Writes one file and returns its path.
    #[expect(clippy::expect_used, reason = "a full disk is no fault of the reader")]
    pub(crate) fn file(&self, name: &str, content: &[u8]) -> PathBuf {
        let path = self.path().join(name);
        fs::write(&path, content).expect("the temporary folder can be written");
        path
    }

    /// Writes the packed files of an input below a new folder and returns its path.
    #[expect(clippy::expect_used, reason = "a full disk is no fault of the reader")]
    pub(crate) fn files(&self, name: &str, input: &[u8]) -> PathBuf {
        let folder = self.path().join(name);
        absent_is_fine(fs::remove_dir_all(&folder)).expect("the temporary folder can be cleared");
        fs::create_dir(&folder).expect("the temporary folder can be written");
        for (name, content) in unpack_files(input) {
            write_below(&folder, name, content);
        }
        folder
    }
}

/// Writes a file below a folder. A name that another file has taken for its folder, or the contrary, is left out.
pub(crate) fn write_below(folder: &Path, name: &str, content: &[u8]) {
    let path = folder.join(name);
    if let Some(parent) = path.parent()
        && fs::create_dir_all(parent).is_ok()
    {
        let _ = fs::write(path, content);
    }
}
