//! Sampling options by name, and those of one kind of model.

use std::collections::BTreeMap;

use serde::de::DeserializeOwned;
use serde::ser::SerializeMap;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;

use super::{ModelError, ModelInfo};

/// Names of the first version, in their order; keys of stages depend on it.
const FIRST_NAMES: [&str; 10] = [
    "lora",
    "steps",
    "guidance",
    "negative_prompt",
    "size",
    "frame_rate",
    "tokens",
    "text",
    "weights",
    "end_frame",
];

/// The sampling options of one kind of model. Options that are not set have the model's default.
pub trait ModelOptions: Default + Serialize + DeserializeOwned {}

/// Sampling options for a model of any kind, by name. The valid options depend on the kind: see [`ObjectOptions`],
/// [`PixelOptions`], [`LtxOptions`] and [`CosmosOptions`], which all convert into this.
///
/// ```
/// use video_gen::{LtxOptions, SamplingOptions};
///
/// let sampling = SamplingOptions::from(LtxOptions { steps: Some(8), ..Default::default() });
/// assert_eq!(sampling.get("steps"), Some(&8.into()));
///
/// // By name, for a kind of model that is known only at run time:
/// let by_name = SamplingOptions::default().with("steps", 8);
/// assert_eq!(by_name, sampling);
/// ```
///
/// [`ObjectOptions`]: crate::ObjectOptions
/// [`PixelOptions`]: crate::PixelOptions
/// [`LtxOptions`]: crate::LtxOptions
/// [`CosmosOptions`]: crate::CosmosOptions
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SamplingOptions(BTreeMap<String, Value>);

impl SamplingOptions {
    /// Collects the options that are set in `values`, a struct or map of options by name.
    ///
    /// # Errors
    /// A value that is not a struct or map.
    pub fn of(values: &impl Serialize) -> serde_json::Result<Self> {
        serde_json::from_value(serde_json::to_value(values)?)
    }

    /// Sets an option by name, for a kind of model that is known only at run time. Names and values are checked when
    /// the model is loaded.
    #[must_use]
    pub fn with(mut self, name: impl Into<String>, value: impl Into<Value>) -> Self {
        self.0.insert(name.into(), value.into());
        self
    }

    /// Whether no option is set.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The value of an option that is set.
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.0.get(name)
    }

    /// Converts to the options of a kind of model.
    pub(super) fn read<O: ModelOptions>(&self, info: &ModelInfo) -> Result<O, ModelError> {
        let known = match serde_json::to_value(O::default()) {
            Ok(Value::Object(known)) => known.into_iter().map(|(name, _)| name).collect(),
            _ => Vec::new(),
        };
        for (name, value) in &self.0 {
            if !known.contains(name) {
                return Err(ModelError::Setting {
                    model: info.title,
                    setting: name.clone(),
                    known: known.join(", "),
                });
            }
            let alone = Value::from_iter([(name.clone(), value.clone())]);
            serde_json::from_value::<O>(alone).map_err(|error| ModelError::Value {
                setting: name.clone(),
                reason: error.to_string(),
            })?;
        }
        let all = Value::from_iter(self.0.clone());
        serde_json::from_value(all).map_err(|error| ModelError::Value {
            setting: "sampling".to_owned(),
            reason: error.to_string(),
        })
    }
}

impl<O: ModelOptions> From<O> for SamplingOptions {
    fn from(options: O) -> Self {
        // Options are structs of numbers and strings, which always serialize to JSON.
        Self::of(&options).unwrap_or_default()
    }
}

/// Serializes a number; one that is not finite, which JSON cannot represent, becomes a string, which is refused when it
/// is read.
pub(super) fn number<S: Serializer>(value: &Option<f64>, serializer: S) -> Result<S::Ok, S::Error> {
    match value {
        Some(number) if !number.is_finite() => serializer.serialize_str(&number.to_string()),
        value => value.serialize(serializer),
    }
}

/// Serializes every name of the first version, `null` if it is not set, then the others that are set.
impl Serialize for SamplingOptions {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        for name in FIRST_NAMES {
            map.serialize_entry(name, &self.0.get(name))?;
        }
        for (name, value) in &self.0 {
            if !FIRST_NAMES.contains(&name.as_str()) {
                map.serialize_entry(name, value)?;
            }
        }
        map.end()
    }
}

impl<'de> Deserialize<'de> for SamplingOptions {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut values = BTreeMap::<String, Value>::deserialize(deserializer)?;
        values.retain(|_, value| !value.is_null());
        Ok(Self(values))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{CosmosOptions, FrameSize, LtxOptions, ModelSpec, ObjectOptions, WeightFormat};

    #[test]
    fn files_are_written_as_they_always_were_and_read_back() {
        let options = SamplingOptions::from(CosmosOptions {
            steps: Some(4),
            guidance: Some(7.0),
            size: Some(FrameSize { width: 64, height: 32 }),
            weights: Some(WeightFormat::Bf16),
            end_frame: Some(cosmos_predict::EndFrame::InPlace),
            ..CosmosOptions::default()
        });
        let text = r#"{"lora":null,"steps":4,"guidance":7.0,"negative_prompt":null,"size":[32,64],"frame_rate":null,"tokens":null,"text":null,"weights":"bf16","end_frame":"in-place"}"#;
        assert_eq!(serde_json::to_string(&options).unwrap(), text);
        assert_eq!(serde_json::from_str::<SamplingOptions>(text).unwrap(), options);
        let open = SamplingOptions::from(ObjectOptions::default());
        assert!(open.is_empty() && open == SamplingOptions::default());
    }

    #[test]
    fn options_are_read_by_a_kind_of_models_and_refused_by_name() {
        let options = |json: &str| serde_json::from_str::<SamplingOptions>(json).unwrap();
        let read = |spec: &str, json: &str| spec.parse::<ModelSpec>().unwrap().options(&options(json));
        // One form for all forms in files.
        let whole = read("ltx:a", r#"{"guidance": 3, "size": {"width": 64, "height": 32}}"#).unwrap();
        let typed = LtxOptions {
            guidance: Some(3.0),
            size: Some(FrameSize { width: 64, height: 32 }),
            ..LtxOptions::default()
        };
        assert_eq!(whole, typed.into());
        for (spec, json, said) in [
            (
                "object:a",
                r#"{"guidance": 3}"#,
                "object-latent models have no guidance",
            ),
            (
                "pixel:a",
                r#"{"size": [1, 2]}"#,
                "pixel models have no size; leave it out",
            ),
            (
                "ltx:a",
                r#"{"end_frame": "shifted"}"#,
                "LTX-Video models have no end_frame",
            ),
            ("cosmos:a", r#"{"end_frame": "before"}"#, "end_frame"),
            ("cosmos:a", r#"{"steps": -1}"#, "steps"),
            ("cosmos:a", r#"{"stepz": 1}"#, "no stepz"),
        ] {
            let error = read(spec, json).unwrap_err().to_string();
            assert!(error.contains(said), "{error}");
        }
        let infinite = LtxOptions {
            guidance: Some(f64::NAN),
            ..LtxOptions::default()
        };
        let error = "ltx:a".parse::<ModelSpec>().unwrap().options(&infinite.into());
        assert!(error.unwrap_err().to_string().contains("guidance"));
    }
}
