//! Registry of the kinds of policy.

use serde::{Deserialize, Deserializer};

use crate::error::BcError;
use crate::family::PolicyKind;
use crate::sections::{AnySection, Sections};

/// The registry; a new kind is added here.
const KINDS: [PolicyKind; 5] = [
    PolicyKind::TRACKED,
    PolicyKind::CNN,
    PolicyKind::RESNET18,
    PolicyKind::DIFFUSION_LOWDIM,
    PolicyKind::DIFFUSION,
];

impl PolicyKind {
    /// All kinds.
    pub const ALL: [Self; KINDS.len()] = KINDS;

    /// The names of all kinds, joined for use in a sentence.
    pub fn names() -> String {
        let names = KINDS.map(Self::name);
        match names.split_last() {
            Some((last, [])) => (*last).to_owned(),
            Some((last, others)) => format!("{} or {last}", others.join(", ")),
            None => String::new(),
        }
    }

    /// Checks that this kind reads the setting with a key (`tracked.width`, `train.epochs`).
    ///
    /// # Errors
    /// [`BcError::UnreadSetting`], which names the kinds that read it.
    pub fn reads(self, key: &str) -> Result<(), BcError> {
        let section = key.split('.').next().unwrap_or_default();
        let reads = |kind: &Self| kind.0.sections().keys().any(|own| own == section);
        if section == "train" || reads(&self) {
            return Ok(());
        }
        let readers: Vec<&str> = KINDS
            .iter()
            .filter(|kind| reads(kind))
            .map(|kind| kind.name())
            .collect();
        Err(BcError::UnreadSetting {
            policy: self.name(),
            key: key.to_owned(),
            readers: match readers.as_slice() {
                [] => {
                    let own: Vec<&str> = self.0.sections().keys().collect();
                    format!("its settings are train, {}", own.join(", "))
                }
                readers => format!("that is a setting of {}", readers.join(", ")),
            },
        })
    }
}

/// Finds a section of any kind by its key.
pub(crate) fn section(key: &str) -> Option<Box<dyn AnySection>> {
    let sections = KINDS.map(|kind| kind.0.sections());
    let mut all = sections.iter().flat_map(Sections::iter);
    all.find(|section| section.key() == key).map(AnySection::boxed)
}

/// The default of a section of any kind, used for a file without it.
pub(crate) fn default_section(key: &str) -> Option<Box<dyn AnySection>> {
    section(key)?.read(None).ok()
}

/// The keys of the sections of all kinds.
pub(crate) fn section_keys() -> Vec<&'static str> {
    let mut keys = Vec::new();
    for key in KINDS
        .iter()
        .flat_map(|kind| kind.0.sections().keys().collect::<Vec<_>>())
    {
        if !keys.contains(&key) {
            keys.push(key);
        }
    }
    keys
}

impl std::str::FromStr for PolicyKind {
    type Err = BcError;

    fn from_str(text: &str) -> Result<Self, BcError> {
        KINDS
            .into_iter()
            .find(|kind| kind.name() == text)
            .ok_or_else(|| BcError::UnknownKind {
                found: text.to_owned(),
                known: Self::names(),
            })
    }
}

impl<'de> Deserialize<'de> for PolicyKind {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = String::deserialize(deserializer)?;
        name.parse().map_err(serde::de::Error::custom)
    }
}
