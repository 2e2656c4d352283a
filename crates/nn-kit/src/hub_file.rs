//! Published weight files: downloaded once, cached in a folder, and used only if their SHA-256 matches.

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
    /// Returns the path of the file in `folder`, and downloads it if it is missing (needs the feature `hub`).
    ///
    /// # Errors
    /// A file with another hash, a folder that cannot be written, a network error, or a build without `hub`.
    pub fn get(&self, folder: &Path) -> Result<PathBuf, CheckpointError> {
        let path = folder.join(self.file);
        if !path.exists() {
            self.download(folder)?;
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

    #[cfg(not(feature = "hub"))]
    fn download(&self, folder: &Path) -> Result<(), CheckpointError> {
        Err(self.failed(
            folder,
            "this binary was built without downloads (rebuild with --features hub)",
        ))
    }

    #[cfg(feature = "hub")]
    fn download(&self, folder: &Path) -> Result<(), CheckpointError> {
        let failed = |error: &dyn std::fmt::Display| self.failed(folder, &error.to_string());
        let mut file = pusht_jobs::StagedFile::beside(folder.join(self.file)).map_err(|error| failed(&error))?;
        let response = ureq::get(self.url).call().map_err(|error| failed(&error))?;
        std::io::copy(&mut response.into_body().into_reader(), &mut file).map_err(|error| failed(&error))?;
        std::io::Write::flush(&mut file).map_err(|error| failed(&error))?;
        self.verify(file.path())?;
        file.commit().map_err(|error| failed(&error))
    }

    fn failed(&self, folder: &Path, reason: &str) -> CheckpointError {
        CheckpointError::Download {
            url: self.url,
            path: folder.join(self.file),
            reason: reason.to_string(),
        }
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

    #[cfg(not(feature = "hub"))]
    #[test]
    fn a_binary_without_downloads_says_what_to_do() {
        let folder = tempfile::tempdir().unwrap();
        let error = RESNET18_IMAGENET.get(folder.path()).unwrap_err().to_string();
        assert!(
            error.contains("--features hub") && error.contains("resnet18-f37072fd.pth"),
            "{error}"
        );
    }
}
