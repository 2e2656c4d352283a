//! Reads and writes configuration files of published models.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use pusht_jobs::{LFS_POINTER, is_lfs_pointer, open_file};
use serde::de::DeserializeOwned;
use serde_json::Value;

/// Key under which diffusers stores the class name.
const CLASS: &str = "_class_name";

/// A configuration with a class name of diffusers.
pub trait Class {
    /// Class name in diffusers.
    const NAME: &str;

    /// Serializes the settings with the class name, as diffusers writes them.
    ///
    /// # Errors
    /// Settings that cannot be serialized as JSON.
    fn named(&self) -> serde_json::Result<Value>
    where
        Self: serde::Serialize,
    {
        let mut settings = serde_json::to_value(self)?;
        if let Some(settings) = settings.as_object_mut() {
            settings.insert(CLASS.to_owned(), Self::NAME.into());
        }
        Ok(settings)
    }
}

/// Errors of reading a configuration file.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SettingsError {
    /// A file that is missing or cannot be read.
    #[error("{path:?} cannot be read: {source}")]
    Io {
        /// Path of the file.
        path: PathBuf,
        /// Error of the system.
        source: std::io::Error,
    },
    /// A Git LFS pointer in place of the file.
    #[error("{path:?} is {LFS_POINTER}")]
    Pointer {
        /// Path of the file.
        path: PathBuf,
    },
    /// A file that is not valid JSON or does not have these settings.
    #[error("{path:?} cannot be read: {source}")]
    Json {
        /// Path of the file.
        path: PathBuf,
        /// Error of the parser.
        source: serde_json::Error,
    },
    /// The settings of another model.
    #[error("{path:?} cannot be read: it describes a {found}; expected a {expected}")]
    OtherModel {
        /// Path of the file.
        path: PathBuf,
        /// Class name in the file.
        found: String,
        /// Class name of the requested model.
        expected: &'static str,
    },
}

/// Reads a JSON file.
///
/// # Errors
/// A file that is missing or does not have these settings.
pub fn read<T: DeserializeOwned>(path: &Path) -> Result<T, SettingsError> {
    refuse_pointer(path)?;
    let text = pusht_jobs::read_file(path).map_err(|source| SettingsError::Io {
        path: path.to_path_buf(),
        source,
    })?;
    serde_json::from_slice(&text).map_err(json(path))
}

/// Refuses a Git LFS pointer, a folder, a pipe or a device in place of a file. A missing file is left to the reader.
///
/// # Errors
/// The path is one of these.
pub fn refuse_pointer(path: &Path) -> Result<(), SettingsError> {
    if let Err(source) = open_file(path)
        && matches!(source.kind(), ErrorKind::InvalidInput | ErrorKind::IsADirectory)
    {
        let path = path.to_path_buf();
        return Err(SettingsError::Io { path, source });
    }
    match is_lfs_pointer(path) {
        true => Err(SettingsError::Pointer {
            path: path.to_path_buf(),
        }),
        false => Ok(()),
    }
}

/// Reads a JSON file, or returns the defaults if the file is missing.
///
/// # Errors
/// As [`read`], except for a missing file.
pub fn read_or_default<T: DeserializeOwned + Default>(path: &Path) -> Result<T, SettingsError> {
    match read(path) {
        Err(SettingsError::Io { source, .. }) if source.kind() == ErrorKind::NotFound => Ok(T::default()),
        result => result,
    }
}

/// Reads the configuration of a model and checks its class name.
///
/// # Errors
/// As [`read`], and the class name of another model.
pub fn read_model<T: DeserializeOwned + Class>(path: &Path) -> Result<T, SettingsError> {
    let settings: Value = read(path)?;
    match settings.get(CLASS).and_then(Value::as_str) {
        Some(found) if found != T::NAME => Err(SettingsError::OtherModel {
            path: path.to_path_buf(),
            found: found.to_owned(),
            expected: T::NAME,
        }),
        _ => serde_json::from_value(settings).map_err(json(path)),
    }
}

fn json(path: &Path) -> impl FnOnce(serde_json::Error) -> SettingsError {
    let path = path.to_path_buf();
    |source| SettingsError::Json { path, source }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, Default, PartialEq, serde::Deserialize)]
    struct Width {
        width: usize,
    }

    impl Class for Width {
        const NAME: &str = "Width";
    }

    #[test]
    fn what_cannot_be_read_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("config.json");
        assert_eq!(read_or_default::<Width>(&path).unwrap(), Width::default());
        assert!(matches!(read::<Width>(&path), Err(SettingsError::Io { .. })));
        std::fs::write(&path, r#"{"_class_name": "Width", "width": 3}"#).unwrap();
        assert_eq!(read_model::<Width>(&path).unwrap().width, 3);
        std::fs::write(&path, r#"{"_class_name": "Height", "width": 3}"#).unwrap();
        let error = read_model::<Width>(&path).unwrap_err().to_string();
        assert!(error.contains("describes a Height; expected a Width"), "{error}");
        let pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 9\n";
        std::fs::write(&path, pointer).unwrap();
        let error = read::<Width>(&path).unwrap_err().to_string();
        assert!(error.contains("git lfs pull"), "{error}");
        std::fs::write(&path, "{").unwrap();
        let error = read_or_default::<Width>(&path).unwrap_err().to_string();
        assert!(error.contains("config.json"), "{error}");
    }
}
