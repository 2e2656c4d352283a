//! Settings of the image encoder.

use serde::{Deserialize, Serialize};

use crate::error::{BcError, refused};
use crate::sections::PolicySection;

/// Side of the images, px.
pub(super) const SIDE: usize = 96;

/// Settings of the image encoder.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EncoderConfig {
    /// Height and width of the crop, px: centered when acting, random in training.
    pub crop: [usize; 2],
    /// Number of features of the spatial softmax; each gives an image position.
    pub keypoints: usize,
}

impl Default for EncoderConfig {
    fn default() -> Self {
        Self {
            crop: [84, 84],
            keypoints: 32,
        }
    }
}

impl EncoderConfig {
    /// Top left corner of the crop when acting.
    pub(super) fn center_offset(&self) -> [usize; 2] {
        center_offset([SIDE, SIDE], self.crop)
    }
}

/// Top left corner of a crop at the center. Halves are rounded to the even number, as torchvision does.
pub(super) fn center_offset(size: [usize; 2], crop: [usize; 2]) -> [usize; 2] {
    let offset = |size: usize, crop: usize| (size.saturating_sub(crop) as f64 / 2.0).round_ties_even() as usize;
    [offset(size[0], crop[0]), offset(size[1], crop[1])]
}

impl PolicySection for EncoderConfig {
    const KEY: &'static str = "encoder";

    fn check(&self) -> Result<(), BcError> {
        if self.crop.iter().any(|side| !(1..=SIDE).contains(side)) {
            return Err(refused("encoder.crop", &format!("{:?}", self.crop), "1 to 96 each"));
        }
        if !(1..=4096).contains(&self.keypoints) {
            return Err(refused("encoder.keypoints", &self.keypoints, "1 to 4096"));
        }
        Ok(())
    }
}
