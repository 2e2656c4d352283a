//! Settings files of published models.

use std::path::Path;

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

/// Reads a JSON file, or says why it cannot be read.
///
/// # Errors
/// A file that is missing or is not of these settings, as a text.
pub fn read<T: DeserializeOwned>(path: &Path) -> Result<T, String> {
    let text = std::fs::read(path).map_err(|error| error.to_string())?;
    serde_json::from_slice(&text).map_err(|error| error.to_string())
}

/// Reads the settings of a model; those of another model are refused by its name.
///
/// # Errors
/// As [`read`], and another model's.
pub fn read_model<T: DeserializeOwned + Class>(path: &Path) -> Result<T, String> {
    let settings: Value = read(path)?;
    match settings.get(CLASS).and_then(Value::as_str) {
        Some(found) if found != T::NAME => Err(format!("it describes a {found}; expected a {}", T::NAME)),
        _ => serde_json::from_value(settings).map_err(|error| error.to_string()),
    }
}
