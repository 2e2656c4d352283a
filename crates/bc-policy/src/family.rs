//! What a kind of policy is: the trait that its file implements, and a handle to it.
//!
//! A new kind is one file with a type that implements [`PolicyFamily`], a trained policy that implements [`TrainedPolicy`],
//! and a line in the table of [`crate::registry`].

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

/// Everything about one kind of policy.
pub(crate) trait PolicyFamily: Send + Sync {
    /// The name in files, on the command line and in reports.
    fn name(&self) -> &'static str;

    /// Training items that a row of the data makes: 2 where it also counts mirrored.
    fn items_per_row(&self) -> usize {
        1
    }

    /// One training keeps one core busy, so that several run side by side.
    fn one_core(&self) -> bool {
        false
    }

    /// Learns by default from states that are tracked in frames, as it acts on them.
    fn learns_from_frames(&self) -> bool {
        false
    }

    /// The sections that it reads, with settings that work.
    fn sections(&self) -> Sections;

    /// The loop that goes with them.
    fn training(&self) -> TrainConfig;

    /// The settings of the paper, where it has such a policy.
    fn paper(&self) -> Option<(Sections, TrainConfig)> {
        None
    }

    /// Refuses settings that each section allows and this policy does not.
    fn check(&self, _: &Sections) -> Result<(), BcError> {
        Ok(())
    }

    /// What its training adds to the data, in words.
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

    /// Reads a folder that other software trained; `None` where this policy has no such folders.
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

    /// The action that it would take at each of these rows.
    fn predict_rows(&self, episodes: &[&Episode], refs: &[FrameRef]) -> Result<Vec<Action>, BcError>;

    /// What it looks at, where it can look at frames as well as at states.
    fn obs_source(&self) -> Option<ObsSource> {
        None
    }

    /// Looks at this from now on, where it has the choice.
    fn set_obs_source(&mut self, _: ObsSource) {}

    fn boxed(&self) -> Box<dyn TrainedPolicy>;
}

/// A trained policy of any kind.
pub(crate) fn boxed(policy: impl TrainedPolicy) -> Box<dyn TrainedPolicy> {
    Box::new(policy)
}

/// Which policy: an entry of the registry. Its name is parsed by `FromStr`.
#[derive(Clone, Copy)]
pub struct PolicyKind(pub(crate) &'static dyn PolicyFamily);

impl PolicyKind {
    /// The name in files, on the command line and in reports.
    pub fn name(self) -> &'static str {
        self.0.name()
    }

    /// Training items that a row of the data makes: 2 where it also counts mirrored.
    pub fn items_per_row(self) -> usize {
        self.0.items_per_row()
    }

    /// Whether one training keeps one core busy, so that several run side by side.
    pub fn trains_on_one_core(self) -> bool {
        self.0.one_core()
    }

    /// Whether it learns by default from states that are tracked in frames ([`crate::track_episodes`]), as it acts on them.
    pub fn learns_from_frames(self) -> bool {
        self.0.learns_from_frames()
    }

    /// The kind in its model files.
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
