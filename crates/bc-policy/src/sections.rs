//! Settings of policies, in sections that have a key in files.

use std::any::Any;
use std::fmt::Debug;

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::error::BcError;

/// A section of a policy's configuration: settings under one key, which one or several kinds of policy read.
///
/// `Default` is what a file without the section means.
pub trait PolicySection:
    Clone + Debug + Default + PartialEq + Serialize + DeserializeOwned + Send + Sync + 'static
{
    /// Its key in files and on the command line.
    const KEY: &'static str;

    /// Refuses settings that cannot work.
    ///
    /// # Errors
    /// The first such setting.
    fn check(&self) -> Result<(), BcError>;
}

/// Any section.
pub(crate) trait AnySection: Any + Debug + Send + Sync + erased_serde::Serialize {
    fn key(&self) -> &'static str;
    fn check(&self) -> Result<(), BcError>;
    /// Another section of this type, as a file has it; the type's default where a file has none.
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
    /// With this section, in place of one of its type.
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

    /// A section that the policy reads; its default where it is missing, which [`crate::PolicyConfig::check`] refuses.
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
