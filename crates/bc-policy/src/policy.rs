//! A trained policy of any kind.

use std::any::Any;
use std::path::Path;

use burn::tensor::Device;
use pusht_data::{Episode, FrameRef};
use pusht_env::{Action, ObsBatch, ObsSpec, Policy, PolicyError};
use training::ModelFile;

use crate::error::BcError;
use crate::family::{PolicyKind, TrainedPolicy};
use crate::obs_source::ObsSource;

/// A trained policy of any kind. Acts through [`Policy`]; saved as one safetensors file with its configuration and
/// normalization.
#[derive(Debug)]
pub struct BcPolicy(Box<dyn TrainedPolicy>);

impl BcPolicy {
    /// The kind of policy.
    pub fn kind(&self) -> PolicyKind {
        self.0.kind()
    }

    /// Number of parameters.
    pub fn parameters(&self) -> usize {
        self.0.parameters()
    }

    /// Observation source of a policy that reads positions or states; `None` for a policy that reads only images.
    pub fn obs_source(&self) -> Option<ObsSource> {
        self.0.obs_source()
    }

    /// Sets the observation source of a policy that reads positions or states; has no effect on policies that read only
    /// images. With [`ObsSource::Frames`] no policy observes more than a video shows.
    #[must_use]
    pub fn with_obs_source(mut self, source: ObsSource) -> Self {
        self.0.set_obs_source(source);
        self
    }

    /// The policy as its concrete type, such as [`crate::DiffusionPolicy`].
    pub fn downcast_ref<P: 'static>(&self) -> Option<&P> {
        (self.0.as_ref() as &dyn Any).downcast_ref()
    }

    /// Writes the policy's file.
    ///
    /// # Errors
    /// A file that cannot be written.
    pub fn save(&self, path: &Path) -> Result<(), BcError> {
        self.0.save(path)
    }

    /// Loads a policy's file, a folder with `policy.safetensors`, or a folder with a diffusion policy that LeRobot
    /// trained on PushT (`config.json`, `model.safetensors`, and since LeRobot 0.4 the processor files).
    ///
    /// A loaded `tracked` policy observes frames, `diffusion-lowdim` the simulator's state;
    /// [`BcPolicy::with_obs_source`] changes that. Policies on images always observe images.
    ///
    /// # Errors
    /// A file that is missing, damaged, of another kind, or whose parameters do not fit or are not finite.
    pub fn load(path: &Path, device: &Device) -> Result<Self, BcError> {
        let own = path.join("policy.safetensors");
        if path.is_dir() && (path.join("config.json").exists() || !own.exists()) {
            let mut kinds = PolicyKind::ALL.into_iter();
            if let Some(loaded) = kinds.find_map(|kind| kind.0.load_folder(path, device)) {
                return loaded.map(Self);
            }
        }
        let file = ModelFile::open(if path.is_dir() { &own } else { path })?;
        let mut kinds = PolicyKind::ALL.into_iter();
        match kinds.find(|kind| kind.file_kind() == file.kind()) {
            Some(kind) => kind.0.load(&file, device).map(Self),
            None => Err(file.other_kind(&format!("a policy: {}", PolicyKind::names())).into()),
        }
    }

    pub(crate) fn predict_rows(&self, episodes: &[&Episode], refs: &[FrameRef]) -> Result<Vec<Action>, BcError> {
        self.0.predict_rows(episodes, refs)
    }
}

impl Clone for BcPolicy {
    fn clone(&self) -> Self {
        Self(self.0.boxed())
    }
}

impl From<Box<dyn TrainedPolicy>> for BcPolicy {
    fn from(policy: Box<dyn TrainedPolicy>) -> Self {
        Self(policy)
    }
}

impl<P: TrainedPolicy> From<P> for BcPolicy {
    fn from(policy: P) -> Self {
        Self(Box::new(policy))
    }
}

impl Policy for BcPolicy {
    fn name(&self) -> String {
        self.0.name()
    }

    fn needs(&self) -> ObsSpec {
        self.0.needs()
    }

    fn reset(&mut self, envs: &[usize]) {
        self.0.reset(envs);
    }

    fn act(&mut self, obs: &ObsBatch<'_>, out: &mut [Action]) -> Result<(), PolicyError> {
        self.0.act(obs, out)
    }
}
