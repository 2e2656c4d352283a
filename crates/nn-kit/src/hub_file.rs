//! Published weight files: kept in a folder, and used only if their SHA-256 matches.

use std::path::{Path, PathBuf};

use pusht_jobs::hash_file;

use crate::CheckpointError;

/// A published weight file.
#[derive(Clone, Copy, Debug)]
pub struct HubFile {
    /// Address of the file.
    pub url: &'static str,
    /// File name in the cache folder.
    pub file: &'static str,
    /// First digits of the SHA-256, in hexadecimal.
    pub sha256: &'static str,
}

/// ResNet-18 of torchvision, trained on ImageNet (`IMAGENET1K_V1`). torchvision publishes the first eight digits of the
/// hash.
pub const RESNET18_IMAGENET: HubFile = HubFile {
    url: "https://download.pytorch.org/models/resnet18-f37072fd.pth",
    file: "resnet18-f37072fd.pth",
    sha256: "f37072fd",
};

impl HubFile {
    /// Folder for such files: `$PUSHT_CACHE`, or `pusht-start` in the user's cache folder.
    pub fn cache() -> PathBuf {
        let from = |name| {
            std::env::var_os(name)
                .filter(|value| !value.is_empty())
                .map(PathBuf::from)
        };
        let user = || from("XDG_CACHE_HOME").or_else(|| Some(from("HOME")?.join(".cache")));
        from("PUSHT_CACHE")
            .or_else(|| Some(user()?.join("pusht-start")))
            .unwrap_or_else(std::env::temp_dir)
    }

    /// Returns the path of the file in `folder`. Nothing is downloaded here: the program `pusht` does that before it trains.
    ///
    /// # Errors
    /// No such file, or one with another hash.
    pub fn get(&self, folder: &Path) -> Result<PathBuf, CheckpointError> {
        let path = folder.join(self.file);
        if !path.exists() {
            return Err(CheckpointError::Download { url: self.url, path });
        }
        self.verify(&path)?;
        Ok(path)
    }

    /// Checks the hash of a file.
    ///
    /// # Errors
    /// A file that cannot be read or has another hash.
    pub fn verify(&self, path: &Path) -> Result<(), CheckpointError> {
        let found = hash_file(path).map_err(|error| CheckpointError::Unreadable {
            path: path.to_path_buf(),
            reason: error.to_string(),
        })?;
        if found.starts_with(self.sha256) {
            return Ok(());
        }
        Err(CheckpointError::Hash {
            path: path.to_path_buf(),
            expected: self.sha256,
            found,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// SHA-256 of `abc` (FIPS 180-2, appendix B.1).
    const ABC: HubFile = HubFile {
        url: "https://example.invalid/abc",
        file: "abc",
        sha256: "ba7816bf",
    };

    #[test]
    fn the_hash_decides() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("abc");
        std::fs::write(&path, "abc").unwrap();
        assert_eq!(ABC.get(folder.path()).unwrap(), path);
        std::fs::write(&path, "abd").unwrap();
        let error = ABC.get(folder.path()).unwrap_err().to_string();
        assert!(
            error.contains("a52d159f") && error.contains("ba7816bf") && error.contains("delete it"),
            "{error}"
        );
    }

    #[test]
    fn a_file_that_is_not_there_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let error = RESNET18_IMAGENET.get(folder.path()).unwrap_err().to_string();
        assert!(
            error.contains("download https://download.pytorch.org") && error.contains("resnet18-f37072fd.pth"),
            "{error}"
        );
    }
}
