//! The trait of a kind of policy, and a handle to it.
//!
//! A new kind is one file with a type that implements [`PolicyFamily`], a trained policy that implements
//! [`TrainedPolicy`], and a line in the table of [`crate::registry`].

use std::any::Any;
use std::fmt;
use std::path::Path;

use burn::tensor::Device;
use pusht_data::{Episode, FrameRef};
use pusht_env::{Action, Policy};
use pusht_training::{TrainData, TrainOutput};
use training::{FitOptions, ModelFile, TrainConfig};

use crate::error::BcError;
use crate::obs_source::ObsSource;
use crate::sections::Sections;

/// A kind of policy: settings, training, loading.
pub(crate) trait PolicyFamily: Send + Sync {
    /// The name in files, on the command line and in reports.
    fn name(&self) -> &'static str;

    /// Number of training items per row of the data: 2 if each row is also trained mirrored, else 1.
    fn items_per_row(&self) -> usize {
        1
    }

    /// Whether one training run keeps one core busy, so that several can run in parallel.
    fn one_core(&self) -> bool {
        false
    }

    /// Whether `pusht train policy` replaces recorded states by tracked ones before training, because this kind acts on
    /// tracked states by default.
    fn learns_from_frames(&self) -> bool {
        false
    }

    /// The sections that it reads, with default settings.
    fn sections(&self) -> Sections;

    /// Default settings of the training loop.
    fn training(&self) -> TrainConfig;

    /// The paper's settings; `None` for a policy that the paper does not have.
    fn paper(&self) -> Option<(Sections, TrainConfig)> {
        None
    }

    /// Checks constraints beyond those of the single sections.
    fn check(&self, _: &Sections) -> Result<(), BcError> {
        Ok(())
    }

    /// Description of the augmentation in training.
    fn augmentation(&self, sections: &Sections) -> String;

    /// Trains on checked settings and episodes.
    fn train(
        &self,
        sections: &Sections,
        config: &TrainConfig,
        data: &TrainData<'_>,
        device: &Device,
        options: FitOptions<'_>,
    ) -> Result<TrainOutput<Box<dyn TrainedPolicy>>, BcError>;

    /// Reads a file of this kind.
    fn load(&self, file: &ModelFile, device: &Device) -> Result<Box<dyn TrainedPolicy>, BcError>;

    /// Reads a folder from other training software; `None` if this kind has no such format.
    fn load_folder(&self, _: &Path, _: &Device) -> Option<Result<Box<dyn TrainedPolicy>, BcError>> {
        None
    }
}

/// A trained policy.
pub(crate) trait TrainedPolicy: Policy + Any + fmt::Debug + Send + Sync {
    fn kind(&self) -> PolicyKind;

    /// Number of parameters.
    fn parameters(&self) -> usize;

    fn save(&self, path: &Path) -> Result<(), BcError>;

    /// The action that the policy would take at each of these rows.
    fn predict_rows(&self, episodes: &[&Episode], refs: &[FrameRef]) -> Result<Vec<Action>, BcError>;

    /// Its observation source, if it supports both frames and states.
    fn obs_source(&self) -> Option<ObsSource> {
        None
    }

    /// Sets the observation source, if it supports both.
    fn set_obs_source(&mut self, _: ObsSource) {}

    fn boxed(&self) -> Box<dyn TrainedPolicy>;
}

/// Boxes a trained policy.
pub(crate) fn boxed(policy: impl TrainedPolicy) -> Box<dyn TrainedPolicy> {
    Box::new(policy)
}

/// Kind of policy: an entry of the registry. `FromStr` parses its name.
#[derive(Clone, Copy)]
pub struct PolicyKind(pub(crate) &'static dyn PolicyFamily);

impl PolicyKind {
    /// The name in files, on the command line and in reports.
    pub fn name(self) -> &'static str {
        self.0.name()
    }

    /// Number of training items per row of the data: 2 if each row is also trained mirrored, else 1.
    pub fn items_per_row(self) -> usize {
        self.0.items_per_row()
    }

    /// Whether one training run keeps one core busy, so that several can run in parallel.
    pub fn trains_on_one_core(self) -> bool {
        self.0.one_core()
    }

    /// Whether to replace recorded states by tracked ones ([`crate::track_episodes`]) before training, because this
    /// kind acts on tracked states by default. `pusht train policy` does so; [`pusht_training::TrainSpec`] does not: it
    /// uses the states that the episodes have.
    pub fn learns_from_frames(self) -> bool {
        self.0.learns_from_frames()
    }

    /// The kind as written in model files.
    pub(crate) fn file_kind(self) -> String {
        format!("pusht.policy.{}.1", self.name())
    }
}

impl PartialEq for PolicyKind {
    fn eq(&self, other: &Self) -> bool {
        self.name() == other.name()
    }
}

impl Eq for PolicyKind {}

impl fmt::Debug for PolicyKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("PolicyKind").field(&self.name()).finish()
    }
}

impl fmt::Display for PolicyKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl serde::Serialize for PolicyKind {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}
