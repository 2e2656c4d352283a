//! Sections of policy settings, each with a key in files.

use std::any::Any;
use std::fmt::Debug;

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::error::BcError;

/// A section of a policy's configuration: settings under one key, read by one or several kinds of policy.
///
/// `Default` gives the settings of a file without the section.
pub trait PolicySection:
    Clone + Debug + Default + PartialEq + Serialize + DeserializeOwned + Send + Sync + 'static
{
    /// Key in files and on the command line.
    const KEY: &'static str;

    /// Checks the settings.
    ///
    /// # Errors
    /// The first invalid setting.
    fn check(&self) -> Result<(), BcError>;
}

/// A section of any type.
pub(crate) trait AnySection: Any + Debug + Send + Sync + erased_serde::Serialize {
    fn key(&self) -> &'static str;
    fn check(&self) -> Result<(), BcError>;
    /// Reads a section of this type from the value in a file; the type's default if there is none.
    fn read(&self, value: Option<Value>) -> serde_json::Result<Box<dyn AnySection>>;
    fn boxed(&self) -> Box<dyn AnySection>;
    fn equals(&self, other: &dyn AnySection) -> bool;
}

erased_serde::serialize_trait_object!(AnySection);

impl<S: PolicySection> AnySection for S {
    fn key(&self) -> &'static str {
        S::KEY
    }

    fn check(&self) -> Result<(), BcError> {
        PolicySection::check(self)
    }

    fn read(&self, value: Option<Value>) -> serde_json::Result<Box<dyn AnySection>> {
        let section = value.map(serde_json::from_value::<S>).transpose()?;
        Ok(Box::new(section.unwrap_or_default()))
    }

    fn boxed(&self) -> Box<dyn AnySection> {
        Box::new(self.clone())
    }

    fn equals(&self, other: &dyn AnySection) -> bool {
        (other as &dyn Any).downcast_ref::<S>() == Some(self)
    }
}

/// Sections of different types.
#[derive(Debug, Default)]
pub(crate) struct Sections(Vec<Box<dyn AnySection>>);

impl Sections {
    /// Adds a section, replacing one of the same type.
    pub(crate) fn with(self, section: impl PolicySection) -> Self {
        self.with_any(Box::new(section))
    }

    pub(crate) fn with_any(mut self, section: Box<dyn AnySection>) -> Self {
        match self.0.iter_mut().find(|s| s.key() == section.key()) {
            Some(place) => *place = section,
            None => self.0.push(section),
        }
        self
    }

    pub(crate) fn get<S: PolicySection>(&self) -> Option<&S> {
        let mut sections = self.0.iter();
        sections.find_map(|section| (section.as_ref() as &dyn Any).downcast_ref())
    }

    /// A section that the policy reads; its default if it is missing ([`crate::PolicyConfig::check`] refuses that).
    pub(crate) fn read<S: PolicySection>(&self) -> S {
        self.get().cloned().unwrap_or_default()
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &dyn AnySection> {
        self.0.iter().map(Box::as_ref)
    }

    pub(crate) fn keys(&self) -> impl Iterator<Item = &'static str> {
        self.iter().map(AnySection::key)
    }
}

impl Clone for Sections {
    fn clone(&self) -> Self {
        Self(self.iter().map(AnySection::boxed).collect())
    }
}

impl PartialEq for Sections {
    fn eq(&self, other: &Self) -> bool {
        self.0.len() == other.0.len() && self.iter().zip(other.iter()).all(|(a, b)| a.equals(b))
    }
}
