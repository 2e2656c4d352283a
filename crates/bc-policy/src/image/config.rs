//! Settings of the policies on images.

use std::path::PathBuf;

use pusht_data::Transform;
use serde::{Deserialize, Serialize};

use super::frames::SIDE;
use crate::error::{BcError, within};
use crate::sections::PolicySection;

/// Augmentation of the policies on images: transformed copies of the training frames, made after the split. The policy
/// on tracked states needs none, as its features have the symmetries built in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Augmentation {
    /// No augmentation.
    #[default]
    None,
    /// The eight symmetries of the square, exact on pixels.
    Dihedral,
    /// Fourteen copies, as many as the paper made.
    Fourteen,
}

impl Augmentation {
    /// Number of copies per frame, the original included.
    pub fn copies(self) -> usize {
        self.transforms().len()
    }

    /// The transforms of the copies, the identity first.
    pub(super) fn transforms(self) -> Vec<Transform> {
        match self {
            Self::None => vec![Transform::IDENTITY],
            Self::Dihedral => Transform::dihedral(),
            Self::Fourteen => Transform::fourteen(),
        }
    }

    /// Description in words.
    pub(super) fn told(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Dihedral => "8 flips and quarter turns, after the split",
            Self::Fourteen => "14 flips and rotations, after the split",
        }
    }
}

impl PolicySection for Augmentation {
    const KEY: &'static str = "augmentation";

    fn check(&self) -> Result<(), BcError> {
        Ok(())
    }
}

/// Settings of the policies on images.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ImageConfig {
    /// Number of actions predicted at once, all taken before the next observation.
    pub chunk: usize,
    /// Side of the square crop, px: random in training, centered otherwise. `None`: the whole frame.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub crop: Option<usize>,
    /// Initial weights for `resnet18` instead of random ones: a torchvision checkpoint (`.pth` or `.safetensors`),
    /// without its head; or `imagenet`, torchvision's own, from the cache folder
    /// ([`nn_kit::HubFile::cache`]).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub init: Option<PathBuf>,
}

impl ImageConfig {
    /// The value of [`Self::init`] that stands for torchvision's own weights.
    pub const IMAGENET: &str = "imagenet";
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

impl PolicySection for ImageConfig {
    const KEY: &'static str = "image";

    fn check(&self) -> Result<(), BcError> {
        within("image.chunk", self.chunk, 1, 64, "1 to 64")?;
        within("image.crop", self.crop.unwrap_or(SIDE), 32, SIDE, "32 to 96 px")
    }
}
