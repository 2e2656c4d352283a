//! What to train.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use training::TrainConfig;

use crate::{BcError, DiffusionConfig, EncoderConfig};

/// Which policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PolicyKind {
    /// A small network on the tracked state.
    Tracked,
    /// Two convolutions and a fully connected head on the picture.
    Cnn,
    /// ResNet-18 on the picture.
    #[serde(rename = "resnet18")]
    ResNet18,
    /// Diffusion Policy on states.
    DiffusionLowdim,
    /// Diffusion Policy on pictures and the agent's position.
    Diffusion,
}

impl PolicyKind {
    /// All of them.
    pub const ALL: [Self; 5] = [
        Self::Tracked,
        Self::Cnn,
        Self::ResNet18,
        Self::DiffusionLowdim,
        Self::Diffusion,
    ];

    /// The name in files, on the command line and in reports.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Tracked => "tracked",
            Self::Cnn => "cnn",
            Self::ResNet18 => "resnet18",
            Self::DiffusionLowdim => "diffusion-lowdim",
            Self::Diffusion => "diffusion",
        }
    }
}

impl std::str::FromStr for PolicyKind {
    type Err = BcError;

    fn from_str(text: &str) -> Result<Self, BcError> {
        Self::ALL
            .into_iter()
            .find(|kind| kind.name() == text)
            .ok_or_else(|| BcError::Config {
                setting: "policy kind",
                found: format!("{text:?}"),
                expected: "tracked, cnn, resnet18, diffusion-lowdim or diffusion",
            })
    }
}

/// Transformed copies of the training frames that the policies on pictures learn from; made after the split. The policy
/// on tracked states needs none: its features have the symmetries built in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Augmentation {
    /// The frames as they are.
    #[default]
    None,
    /// The eight symmetries of the square, exact on pixels.
    Dihedral,
    /// Fourteen copies, as many as the paper made.
    Fourteen,
}

/// The policy on tracked states.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TrackedConfig {
    /// Width of the hidden layers.
    pub width: usize,
    /// Number of hidden layers.
    pub layers: usize,
    /// Actions predicted at once.
    pub horizon: usize,
    /// Of these, how many are taken before looking again.
    pub execute: usize,
    /// Deviation of the Gaussian noise on the states that are learned from, px (angles: that over 100 px, in rad); the
    /// targets stay where they are, so that the policy learns to come back to the demonstrations.
    pub noise: f32,
}

impl Default for TrackedConfig {
    fn default() -> Self {
        Self {
            width: 256,
            layers: 3,
            horizon: 16,
            execute: 8,
            noise: 0.0,
        }
    }
}

/// The policies on pictures.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ImageConfig {
    /// Actions said at once, all of which are taken before looking again.
    pub chunk: usize,
    /// Side of the square that the network sees, px: cut out of the frame at random in training, out of its middle
    /// otherwise. None: the whole frame.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub crop: Option<usize>,
    /// Weights to start from instead of random ones, for `resnet18`: a checkpoint of torchvision (`.pth` or
    /// `.safetensors`), whose head is left out; or `imagenet`, torchvision's own, which is kept in the cache folder and
    /// fetched where the feature `hub` is on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub init: Option<PathBuf>,
}

impl Default for ImageConfig {
    fn default() -> Self {
        Self {
            chunk: 1,
            crop: None,
            init: None,
        }
    }
}

/// What to train, and how.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PolicyConfig {
    /// Which policy.
    pub kind: PolicyKind,
    /// Used by [`PolicyKind::Tracked`].
    #[serde(default)]
    pub tracked: TrackedConfig,
    /// Used by [`PolicyKind::DiffusionLowdim`] and [`PolicyKind::Diffusion`].
    #[serde(default)]
    pub diffusion: DiffusionConfig,
    /// Used by [`PolicyKind::Diffusion`].
    #[serde(default)]
    pub encoder: EncoderConfig,
    /// Used by [`PolicyKind::Cnn`] and [`PolicyKind::ResNet18`].
    #[serde(default)]
    pub image: ImageConfig,
    /// Used by [`PolicyKind::Cnn`] and [`PolicyKind::ResNet18`].
    #[serde(default)]
    pub augmentation: Augmentation,
    /// Updates, batch size, learning rate, seed.
    pub train: TrainConfig,
}

impl PolicyConfig {
    /// Settings that work on two cores for the policies on states (an hour for the diffusion policy), and for the others
    /// on a GPU.
    pub fn new(kind: PolicyKind, seed: u64) -> Self {
        let train = match kind {
            PolicyKind::Tracked => TrainConfig {
                epochs: 6,
                steps_per_epoch: Some(500),
                batch_size: 128,
                learning_rate: 1e-3,
                final_learning_rate: 0.0,
                warmup_steps: 200,
                weight_decay: 0.01,
                ema_decay: Some(0.999),
                seed,
                log_every: 50,
                ..TrainConfig::default()
            },
            PolicyKind::DiffusionLowdim => TrainConfig {
                epochs: 16,
                steps_per_epoch: Some(500),
                batch_size: 256,
                learning_rate: 1e-3,
                final_learning_rate: 0.0,
                warmup_steps: 500,
                weight_decay: 1e-6,
                ema_decay: Some(0.999),
                seed,
                log_every: 50,
                ..TrainConfig::default()
            },
            PolicyKind::Diffusion => TrainConfig {
                epochs: 100,
                batch_size: 64,
                learning_rate: 1e-4,
                final_learning_rate: 0.0,
                warmup_steps: 500,
                weight_decay: 1e-6,
                ema_decay: Some(0.999),
                seed,
                log_every: 50,
                ..TrainConfig::default()
            },
            PolicyKind::Cnn | PolicyKind::ResNet18 => TrainConfig {
                epochs: 50,
                batch_size: 64,
                learning_rate: 1e-3,
                weight_decay: 1e-4,
                seed,
                ..TrainConfig::default()
            },
        };
        Self {
            kind,
            tracked: TrackedConfig::default(),
            diffusion: match kind {
                PolicyKind::Diffusion => DiffusionConfig::for_pictures(),
                _ => DiffusionConfig::default(),
            },
            encoder: EncoderConfig::default(),
            image: ImageConfig::default(),
            augmentation: Augmentation::None,
            train,
        }
    }

    /// The settings of the paper, for its two policies: 25 epochs, no augmentation. (Mean squared error, normalisation
    /// per channel and the split 80/10/10 are what these policies always have; batch size and learning rate, which the
    /// paper leaves open, are those of [`PolicyConfig::new`].)
    pub fn paper(kind: PolicyKind, seed: u64) -> Self {
        let mut config = Self::new(kind, seed);
        config.train.epochs = 25;
        config
    }

    /// Refuses settings that cannot work.
    ///
    /// # Errors
    /// The first such setting.
    pub fn check(&self) -> Result<(), BcError> {
        self.train.check()?;
        self.image.check(self.kind)?;
        self.tracked.check()?;
        self.diffusion.check()?;
        self.encoder.check()
    }
}

fn within(setting: &'static str, value: usize, low: usize, high: usize, expected: &'static str) -> Result<(), BcError> {
    if value < low || value > high {
        let found = value.to_string();
        return Err(BcError::Config {
            setting,
            found,
            expected,
        });
    }
    Ok(())
}

impl ImageConfig {
    /// Refuses settings that cannot work.
    ///
    /// # Errors
    /// The first such setting.
    pub fn check(&self, kind: PolicyKind) -> Result<(), BcError> {
        within("image.chunk", self.chunk, 1, 64, "1 to 64")?;
        within("image.crop", self.crop.unwrap_or(96), 32, 96, "32 to 96 px")?;
        if self.init.is_some() && kind != PolicyKind::ResNet18 {
            return Err(BcError::Config {
                setting: "image.init",
                found: format!("a checkpoint for {}", kind.name()),
                expected: "none: only resnet18 has published weights",
            });
        }
        Ok(())
    }
}

impl TrackedConfig {
    /// Refuses settings that cannot work.
    ///
    /// # Errors
    /// The first such setting.
    pub fn check(&self) -> Result<(), BcError> {
        within("tracked.width", self.width, 1, 8192, "1 to 8192")?;
        within("tracked.layers", self.layers, 1, 64, "1 to 64")?;
        within("tracked.horizon", self.horizon, 1, 64, "1 to 64")?;
        within("tracked.execute", self.execute, 1, self.horizon, "1 to tracked.horizon")?;
        if !(self.noise >= 0.0 && self.noise.is_finite()) {
            return Err(BcError::Config {
                setting: "tracked.noise",
                found: self.noise.to_string(),
                expected: "0 or more, px",
            });
        }
        Ok(())
    }
}
