//! A trained policy of any kind.

use std::path::Path;

use burn::tensor::Device;
use pusht_env::{Action, Modality, ObsBatch, ObsSpec, Observation, Policy, PolicyError};
use training::ModelFile;

use crate::{BcError, DiffusionLowdim, DiffusionPolicy, ImagePolicy, PolicyKind, Sees, TrackedPolicy};

/// A trained policy. Acts through [`Policy`]; kept as one safetensors file with its configuration and normalisation.
#[derive(Clone, Debug)]
#[expect(clippy::large_enum_variant, reason = "a program holds few policies")]
pub enum BcPolicy {
    /// On tracked states.
    Tracked(TrackedPolicy),
    /// On pictures.
    Image(ImagePolicy),
    /// Diffusion Policy on states.
    DiffusionLowdim(DiffusionLowdim),
    /// Diffusion Policy on pictures, or one of LeRobot's.
    Diffusion(DiffusionPolicy),
}

impl BcPolicy {
    /// Which one it is.
    pub fn kind(&self) -> PolicyKind {
        match self {
            Self::Tracked(_) => PolicyKind::Tracked,
            Self::Image(policy) => policy.kind(),
            Self::DiffusionLowdim(_) => PolicyKind::DiffusionLowdim,
            Self::Diffusion(_) => PolicyKind::Diffusion,
        }
    }

    /// Number of parameters.
    pub fn parameters(&self) -> usize {
        match self {
            Self::Tracked(policy) => policy.parameters(),
            Self::Image(policy) => policy.parameters(),
            Self::DiffusionLowdim(policy) => policy.parameters(),
            Self::Diffusion(policy) => policy.parameters(),
        }
    }

    /// What a policy on states looks at from now on; the others look at pictures in any case.
    pub fn seeing(self, sees: Sees) -> Self {
        match self {
            Self::Tracked(policy) => Self::Tracked(policy.seeing(sees)),
            Self::DiffusionLowdim(policy) => Self::DiffusionLowdim(policy.seeing(sees)),
            other => other,
        }
    }

    /// Writes the policy's file.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn save(&self, path: &Path) -> Result<(), BcError> {
        match self {
            Self::Tracked(policy) => policy.save(path),
            Self::Image(policy) => policy.save(path),
            Self::DiffusionLowdim(policy) => policy.save(path),
            Self::Diffusion(policy) => policy.save(path),
        }
    }

    /// Reads a policy's file, a folder with one called `policy.safetensors`, or a folder with a diffusion policy that LeRobot trained on PushT (`config.json`,
    /// `model.safetensors`, and since LeRobot 0.4 the files of its processors).
    ///
    /// # Errors
    /// A file that is missing, damaged, of another kind, or whose parameters do not fit or are not finite.
    pub fn load(path: &Path, device: &Device) -> Result<Self, BcError> {
        let own = path.join("policy.safetensors");
        if path.is_dir() && !path.join("config.json").exists() && own.exists() {
            return Self::load(&own, device);
        }
        if path.is_dir() {
            return Ok(Self::Diffusion(crate::diffusion::load_lerobot(path, device)?));
        }
        let file = ModelFile::open(path)?;
        if file.kind() == crate::tracked::KIND {
            return Ok(Self::Tracked(TrackedPolicy::load(&file, device)?));
        }
        if file.kind() == crate::diffusion::LOWDIM {
            return Ok(Self::DiffusionLowdim(DiffusionLowdim::load(&file, device)?));
        }
        if file.kind() == crate::diffusion::PICTURES {
            return Ok(Self::Diffusion(DiffusionPolicy::load(&file, device)?));
        }
        match ImagePolicy::load(&file, device)? {
            Some(policy) => Ok(Self::Image(policy)),
            None => Err(file
                .other_kind("a policy: tracked, cnn, resnet18, diffusion-lowdim or diffusion")
                .into()),
        }
    }

    fn inner(&self) -> &dyn Policy {
        match self {
            Self::Tracked(policy) => policy,
            Self::Image(policy) => policy,
            Self::DiffusionLowdim(policy) => policy,
            Self::Diffusion(policy) => policy,
        }
    }

    fn inner_mut(&mut self) -> &mut dyn Policy {
        match self {
            Self::Tracked(policy) => policy,
            Self::Image(policy) => policy,
            Self::DiffusionLowdim(policy) => policy,
            Self::Diffusion(policy) => policy,
        }
    }
}

impl Policy for BcPolicy {
    fn name(&self) -> String {
        self.inner().name()
    }

    fn needs(&self) -> ObsSpec {
        self.inner().needs()
    }

    fn reset(&mut self, envs: &[usize]) {
        self.inner_mut().reset(envs);
    }

    fn act(&mut self, obs: &ObsBatch<'_>, out: &mut [Action]) -> Result<(), PolicyError> {
        self.inner_mut().act(obs, out)
    }
}

/// The error for an observation that was not asked for.
pub(crate) fn wrong_observation(expected: Modality, found: &Observation) -> PolicyError {
    let found = match found {
        Observation::State(_) => "a state",
        Observation::Keypoints { .. } => "keypoints",
        Observation::Pixels(_) => "a picture",
        Observation::PixelsAgentPos { .. } => "a picture with the agent's position",
    };
    PolicyError::WrongObservation { expected, found }
}
