//! Settings files of published models.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use serde::de::DeserializeOwned;
use serde_json::Value;

/// Of which class a settings file of diffusers says that it is.
const CLASS: &str = "_class_name";

/// The name that diffusers has for a model.
pub trait Class {
    /// The name.
    const NAME: &str;

    /// Settings with that name among them, as diffusers writes them.
    ///
    /// # Errors
    /// Settings that are no JSON.
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

/// A settings file that cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SettingsError {
    /// A file that is missing or cannot be read.
    #[error("{path:?} cannot be read: {source}")]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// A file with other settings than these.
    #[error("{path:?} cannot be read: {source}")]
    Json {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: serde_json::Error,
    },
    /// The settings of another model.
    #[error("{path:?} cannot be read: it describes a {found}; expected a {expected}")]
    OtherModel {
        /// The file.
        path: PathBuf,
        /// The model in it.
        found: String,
        /// The model that was asked for.
        expected: &'static str,
    },
}

/// Reads a JSON file.
///
/// # Errors
/// A file that is missing or is not of these settings.
pub fn read<T: DeserializeOwned>(path: &Path) -> Result<T, SettingsError> {
    let text = std::fs::read(path).map_err(|source| SettingsError::Io {
        path: path.to_path_buf(),
        source,
    })?;
    serde_json::from_slice(&text).map_err(json(path))
}

/// Reads a JSON file, or returns the defaults where there is none.
///
/// # Errors
/// As [`read`], but for a missing file.
pub fn read_or_default<T: DeserializeOwned + Default>(path: &Path) -> Result<T, SettingsError> {
    match read(path) {
        Err(SettingsError::Io { source, .. }) if source.kind() == ErrorKind::NotFound => Ok(T::default()),
        result => result,
    }
}

/// Reads the settings of a model; those of another model are refused by its name.
///
/// # Errors
/// As [`read`], and another model's.
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
        std::fs::write(&path, "{").unwrap();
        let error = read_or_default::<Width>(&path).unwrap_err().to_string();
        assert!(error.contains("config.json"), "{error}");
    }
}
