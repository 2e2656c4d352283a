//! Settings of the policies on pictures.

use std::path::PathBuf;

use pusht_data::Transform;
use serde::{Deserialize, Serialize};

use super::frames::SIDE;
use crate::error::{BcError, within};
use crate::sections::PolicySection;

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

impl Augmentation {
    /// How many copies of a frame there are, itself included.
    pub fn copies(self) -> usize {
        self.transforms().len()
    }

    /// The copies, the frame as it is first.
    pub(super) fn transforms(self) -> Vec<Transform> {
        match self {
            Self::None => vec![Transform::IDENTITY],
            Self::Dihedral => Transform::dihedral(),
            Self::Fourteen => Transform::fourteen(),
        }
    }

    /// In words.
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

impl PolicySection for ImageConfig {
    const KEY: &'static str = "image";

    fn check(&self) -> Result<(), BcError> {
        within("image.chunk", self.chunk, 1, 64, "1 to 64")?;
        within("image.crop", self.crop.unwrap_or(SIDE), 32, SIDE, "32 to 96 px")
    }
}
