//! Configuration of a policy and its training.

use std::fmt;

use serde::de::{Error, MapAccess, Visitor};
use serde::ser::SerializeMap;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Map, Value};
use training::TrainConfig;

use crate::error::BcError;
use crate::family::PolicyKind;
use crate::registry;
use crate::sections::{PolicySection, Sections};

/// Configuration of a policy: the kind, its sections of settings ([`PolicySection`]), and the training loop.
///
/// In a file each section is a table under its key, beside `kind` and `train`. A file may contain sections for other
/// kinds. They are validated but unused, so `kind` alone can be changed. In code, [`PolicyConfig::check`] refuses them.
///
/// # Example
///
/// ```
/// use bc_policy::{PolicyConfig, PolicyKind, TrackedConfig};
///
/// let mut config = PolicyConfig::new(PolicyKind::TRACKED, 0)
///     .with_section(TrackedConfig { horizon: 8, n_action_steps: 4, ..Default::default() });
/// config.train.epochs = 2;
/// config.check()?;
/// assert_eq!(config.section::<TrackedConfig>().map(|tracked| tracked.horizon), Some(8));
/// # Ok::<(), bc_policy::BcError>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct PolicyConfig {
    kind: PolicyKind,
    sections: Sections,
    /// Updates, batch size, learning rate, seed.
    pub train: TrainConfig,
}

impl PolicyConfig {
    /// Keys that earlier versions wrote under another name: that name, and the current one.
    pub const FORMER_KEYS: [(&str, &str); 2] = [("execute", "n_action_steps"), TrainConfig::FORMER_KEYS[0]];

    /// Default settings. `tracked` and `diffusion-lowdim` train on two CPU cores (the latter in about 34 minutes on the
    /// human demonstrations); the others need a GPU.
    pub fn new(kind: PolicyKind, seed: u64) -> Self {
        let train = TrainConfig {
            seed,
            ..kind.0.training()
        };
        Self {
            kind,
            sections: kind.0.sections(),
            train,
        }
    }

    /// The paper's settings for its two policies, `cnn` and `resnet18`: 25 epochs, no augmentation. Batch size
    /// and learning rate, which the paper does not give, are those of [`PolicyConfig::new`]. These policies always use
    /// mean squared error and normalization per channel. The caller makes the paper's 80/10/10 split with
    /// [`pusht_data::Split`]. `None` for the other kinds.
    pub fn paper(kind: PolicyKind, seed: u64) -> Option<Self> {
        let (sections, train) = kind.0.paper()?;
        let train = TrainConfig { seed, ..train };
        Some(Self { kind, sections, train })
    }

    /// The kind of policy.
    pub fn kind(&self) -> PolicyKind {
        self.kind
    }

    /// A section of the settings, if the kind reads it.
    pub fn section<S: PolicySection>(&self) -> Option<&S> {
        self.sections.get()
    }

    /// Sets a section, replacing the one of its type; [`PolicyConfig::check`] refuses one that the kind does not read.
    #[must_use]
    pub fn with_section(self, section: impl PolicySection) -> Self {
        Self {
            sections: self.sections.with(section),
            ..self
        }
    }

    /// Description of the augmentation in training.
    pub fn augmentation(&self) -> String {
        self.kind.0.augmentation(&self.sections)
    }

    /// Checks the settings.
    ///
    /// # Errors
    /// The first invalid setting.
    pub fn check(&self) -> Result<(), BcError> {
        self.train.check()?;
        for section in self.sections.iter() {
            self.kind.reads(section.key())?;
            section.check()?;
        }
        self.kind.0.check(&self.sections)
    }

    /// Serializes with the sections of other kinds at their defaults, as in earlier files, in which all kinds shared
    /// one table of settings. Hashes of run folders depend on this form.
    #[doc(hidden)]
    pub fn as_before(&self) -> impl Serialize + '_ {
        AsBefore(self)
    }

    /// The kind and its sections.
    pub(crate) fn without_training(&self) -> impl Serialize + '_ {
        WithoutTraining(self)
    }

    pub(crate) fn sections(&self) -> &Sections {
        &self.sections
    }
}

impl PolicyConfig {
    fn serialize_model<M: SerializeMap>(&self, map: &mut M) -> Result<(), M::Error> {
        map.serialize_entry("kind", &self.kind)?;
        self.sections
            .iter()
            .try_for_each(|section| map.serialize_entry(section.key(), section))
    }
}

impl Serialize for PolicyConfig {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        self.serialize_model(&mut map)?;
        map.serialize_entry("train", &self.train)?;
        map.end()
    }
}

struct WithoutTraining<'a>(&'a PolicyConfig);

impl Serialize for WithoutTraining<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        self.0.serialize_model(&mut map)?;
        map.end()
    }
}

/// The sections of that shared table, in its order.
const SHARED: [&str; 5] = ["tracked", "diffusion", "encoder", "image", "augmentation"];

struct AsBefore<'a>(&'a PolicyConfig);

impl Serialize for AsBefore<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let PolicyConfig { kind, sections, train } = self.0;
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("kind", kind)?;
        for key in SHARED {
            match sections.iter().find(|section| section.key() == key) {
                Some(section) => map.serialize_entry(key, section)?,
                None => map.serialize_entry(key, &registry::default_section(key))?,
            }
        }
        for section in sections.iter().filter(|section| !SHARED.contains(&section.key())) {
            map.serialize_entry(section.key(), section)?;
        }
        map.serialize_entry("train", train)?;
        map.end()
    }
}

impl<'de> Deserialize<'de> for PolicyConfig {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Read)
    }
}

struct Read;

impl<'de> Visitor<'de> for Read {
    type Value = PolicyConfig;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a policy: its kind, train, and sections of settings")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<PolicyConfig, A::Error> {
        let (mut kind, mut train, mut values) = (None, None, Map::new());
        while let Some(key) = map.next_key::<String>()? {
            match key.as_str() {
                "kind" => kind = Some(map.next_value()?),
                "train" => train = Some(map.next_value()?),
                _ => {
                    values.insert(key, map.next_value::<Value>()?);
                }
            }
        }
        let kind: PolicyKind = kind.ok_or_else(|| A::Error::missing_field("kind"))?;
        let train = train.ok_or_else(|| A::Error::missing_field("train"))?;
        let mut sections = Sections::default();
        for section in kind.0.sections().iter() {
            let key = section.key();
            let read = section.read(values.remove(key));
            sections = sections.with_any(read.map_err(|error| A::Error::custom(format!("{key}: {error}")))?);
        }
        for (key, value) in values {
            let Some(section) = registry::section(&key) else {
                return Err(A::Error::custom(format!(
                    "unknown field `{key}`, expected kind, train or one of {}",
                    registry::section_keys().join(", ")
                )));
            };
            let read = section.read(Some(value));
            read.map_err(|error| A::Error::custom(format!("{key}: {error}")))?;
        }
        Ok(PolicyConfig { kind, sections, train })
    }
}
