//! Settings in TOML, in layers: defaults, a preset, a file, single keys.

use serde::Serialize;
use serde::de::DeserializeOwned;
use toml::{Table, Value};

/// Settings in TOML, in layers. A layer changes the keys it contains and leaves the rest.
///
/// ```
/// use pusht_jobs::SettingLayers;
///
/// #[derive(serde::Serialize, serde::Deserialize)]
/// struct Settings {
///     epochs: usize,
///     rate: f64,
/// }
///
/// let mut layers = SettingLayers::new(&Settings { epochs: 5, rate: 0.1 }, "defaults")?;
/// layers.lay("rate = 0.2", "settings.toml")?;
/// layers.set("epochs=7")?;
/// let settings: Settings = layers.read()?;
/// assert_eq!((settings.epochs, settings.rate), (7, 0.2));
/// assert_eq!(layers.keys().map(|(_, key)| key).collect::<Vec<_>>(), ["rate", "epochs"]);
/// # Ok::<(), pusht_jobs::SettingsError>(())
/// ```
#[derive(Clone, Debug)]
pub struct SettingLayers {
    table: Table,
    /// Origin of the last layer.
    origin: String,
    keys: Vec<(String, String)>,
    /// Keys of earlier versions with the current ones.
    former: Vec<(String, String)>,
}

/// Error for settings that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{origin}: {reason}")]
pub struct SettingsError {
    /// The file or option with the error.
    pub origin: String,
    /// What is wrong, and what was expected.
    pub reason: String,
}

impl SettingsError {
    fn new(origin: &str, reason: impl std::fmt::Display) -> Self {
        Self {
            origin: origin.to_owned(),
            reason: reason.to_string(),
        }
    }
}

impl SettingLayers {
    /// Starts with these defaults; all of their keys can be set separately. `origin` names them in errors.
    ///
    /// # Errors
    /// Defaults that cannot be TOML.
    pub fn new(defaults: &impl Serialize, origin: &str) -> Result<Self, SettingsError> {
        Ok(Self {
            table: Table::try_from(defaults).map_err(|error| SettingsError::new(origin, error))?,
            origin: origin.to_owned(),
            keys: Vec::new(),
            former: Vec::new(),
        })
    }

    /// Reads keys of earlier versions, in any table of the following layers: each by its name then and now.
    ///
    /// ```
    /// use pusht_jobs::SettingLayers;
    ///
    /// let defaults = std::collections::BTreeMap::from([("rate_fraction", 0.5)]);
    /// let mut layers = SettingLayers::new(&defaults, "defaults")?.with_former_keys([("rate", "rate_fraction")]);
    /// layers.set("rate=0.1")?;
    /// let settings: std::collections::BTreeMap<String, f64> = layers.read()?;
    /// assert_eq!((settings.len(), settings["rate_fraction"]), (1, 0.1));
    /// # Ok::<(), pusht_jobs::SettingsError>(())
    /// ```
    #[must_use]
    pub fn with_former_keys<'a>(mut self, keys: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        let owned = |(before, now): (&str, &str)| (before.to_owned(), now.to_owned());
        self.former.extend(keys.into_iter().map(owned));
        self
    }

    /// Adds the TOML text of `origin` as a layer.
    ///
    /// # Errors
    /// Text that is not TOML, or with a key under its former and its current name.
    pub fn lay(&mut self, text: &str, origin: &str) -> Result<(), SettingsError> {
        let table = text.parse::<Table>();
        let table = table.map_err(|error| SettingsError::new(origin, format!("is not TOML: {error}")))?;
        self.lay_table(table, origin)
    }

    /// Sets one key: `key=value` with a dotted key. A bare word is a string; every other value is TOML.
    ///
    /// # Errors
    /// Text that is not such a pair.
    pub fn set(&mut self, setting: &str) -> Result<(), SettingsError> {
        let origin = format!("--set {setting}");
        let Some((key, value)) = setting.split_once('=') else {
            let reason = "expected key=value, for example train.epochs=20";
            return Err(SettingsError::new(&origin, reason));
        };
        let parsed = format!("v = {value}").parse::<Table>();
        let parsed = parsed.ok().and_then(|mut table| table.remove("v"));
        let value = parsed.unwrap_or_else(|| Value::String(value.to_owned()));
        self.lay_value(key, value, &origin)
    }

    /// Sets one dotted key to a value from the option `origin`.
    ///
    /// # Errors
    /// A value that cannot be TOML, or an empty key.
    pub fn set_value(&mut self, key: &str, value: &impl Serialize, origin: &str) -> Result<(), SettingsError> {
        let value = Value::try_from(value).map_err(|error| SettingsError::new(origin, error))?;
        self.lay_value(key, value, origin)
    }

    /// Reads the merged settings.
    ///
    /// # Errors
    /// An unknown key or a value of the wrong kind; the error names the last layer.
    pub fn read<T: DeserializeOwned>(&self) -> Result<T, SettingsError> {
        let settings = self.table.clone().try_into();
        settings.map_err(|error: toml::de::Error| SettingsError::new(&self.origin, error))
    }

    /// The keys that layers have set over the defaults, in order, each with the layer's origin. Keys are dotted, down
    /// to values that are not tables.
    pub fn keys(&self) -> impl Iterator<Item = (&str, &str)> {
        self.keys.iter().map(|(origin, key)| (origin.as_str(), key.as_str()))
    }

    fn lay_value(&mut self, key: &str, value: Value, origin: &str) -> Result<(), SettingsError> {
        let mut parts = key.trim().rsplit('.');
        let last = parts.next().filter(|part| !part.is_empty());
        let last = last.ok_or_else(|| SettingsError::new(origin, "the key is empty"))?;
        let mut table = Table::from_iter([(last.to_owned(), value)]);
        for part in parts {
            table = Table::from_iter([(part.to_owned(), Value::Table(table))]);
        }
        self.lay_table(table, origin)
    }

    fn lay_table(&mut self, mut table: Table, origin: &str) -> Result<(), SettingsError> {
        rename(&mut table, &self.former).map_err(|reason| SettingsError::new(origin, reason))?;
        origin.clone_into(&mut self.origin);
        collect(&table, "", &mut |key| self.keys.push((origin.to_owned(), key)));
        overlay(&mut self.table, table);
        Ok(())
    }
}

/// Gives former keys their current names.
fn rename(table: &mut Table, former: &[(String, String)]) -> Result<(), String> {
    for (before, now) in former {
        if let Some(value) = table.remove(before)
            && table.insert(now.clone(), value).is_some()
        {
            return Err(format!("{before} is the former name of {now}; expected one of them"));
        }
    }
    table.iter_mut().try_for_each(|(_, value)| rename_in(value, former))
}

fn rename_in(value: &mut Value, former: &[(String, String)]) -> Result<(), String> {
    match value {
        Value::Table(table) => rename(table, former),
        Value::Array(values) => values.iter_mut().try_for_each(|value| rename_in(value, former)),
        _ => Ok(()),
    }
}

fn collect(table: &Table, above: &str, found: &mut impl FnMut(String)) {
    for (key, value) in table {
        let key = if above.is_empty() {
            key.clone()
        } else {
            format!("{above}.{key}")
        };
        match value {
            Value::Table(inner) => collect(inner, &key, found),
            _ => found(key),
        }
    }
}

fn overlay(base: &mut Table, over: Table) {
    for (key, value) in over {
        match (base.get_mut(&key), value) {
            (Some(Value::Table(base)), Value::Table(over)) => overlay(base, over),
            (_, value) => {
                base.insert(key, value);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_wrong_names_its_layer() {
        let mut layers = SettingLayers::new(&Table::new(), "defaults").unwrap();
        let text = |error: Result<(), SettingsError>| error.unwrap_err().to_string();
        assert!(text(layers.lay("a =", "x.toml")).starts_with("x.toml: is not TOML"));
        assert!(text(layers.set("a")).starts_with("--set a: expected key=value"));
        assert!(text(layers.set("=3")).contains("the key is empty"));
        layers.set("a.b=word").unwrap();
        let read = layers.read::<std::collections::BTreeMap<String, u32>>();
        assert!(read.unwrap_err().to_string().starts_with("--set a.b=word: "));
    }

    #[test]
    fn former_keys_are_current_ones() {
        let defaults = "x = 1\n[a]\nx = 1".parse::<Table>().unwrap();
        let mut layers = SettingLayers::new(&defaults, "defaults")
            .unwrap()
            .with_former_keys([("y", "x")]);
        layers.lay("y = 2\n[a]\ny = 3\n[[b]]\ny = 4", "file").unwrap();
        layers.set("a.y=5").unwrap();
        let table: Table = layers.read().unwrap();
        assert_eq!(table, "x = 2\n[a]\nx = 5\n[[b]]\nx = 4".parse::<Table>().unwrap());
        assert_eq!(layers.keys().last(), Some(("--set a.y=5", "a.x")));
        let error = layers.lay("x = 1\ny = 2", "both").unwrap_err().to_string();
        assert!(error.starts_with("both: y is the former name of x"), "{error}");
    }

    #[test]
    fn tables_are_laid_over_key_by_key_and_other_values_are_replaced() {
        let mut layers = SettingLayers::new(&Table::new(), "defaults").unwrap();
        layers.lay("[a]\nx = [1, 2]\ny = 1", "one").unwrap();
        layers.lay("[a]\nx = [3]", "two").unwrap();
        layers.set_value("a.z", &"w", "--z").unwrap();
        let table: Table = layers.read().unwrap();
        assert_eq!(table.to_string().replace(' ', ""), "[a]\nx=[3]\ny=1\nz=\"w\"\n");
    }
}
