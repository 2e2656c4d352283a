//! Applies a corruption to a clip.

use pusht_env::Frame;

use crate::clip::Clip;
use crate::corruption::{Corruption, Strength};
use crate::error::CorruptionError;
use crate::{image, scene};

impl Corruption {
    /// Returns the frames of the clip with this corruption; `None` if it cannot be applied to the clip (a cross-fade of
    /// a T that does not move, a drift if the agent never leaves the T). The same seed gives the same frames.
    ///
    /// # Errors
    /// A clip of fewer than 16 frames or without one state per frame; frames that are not square or that H.264 cannot
    /// hold.
    pub fn apply(self, clip: &Clip, strength: Strength, seed: u64) -> Result<Option<Vec<Frame>>, CorruptionError> {
        self.apply_amount(clip, self.amount(strength), seed)
    }

    /// As [`Corruption::apply`], with the strength in the unit of the kind.
    ///
    /// # Errors
    /// As [`Corruption::apply`].
    pub fn apply_amount(self, clip: &Clip, amount: f64, seed: u64) -> Result<Option<Vec<Frame>>, CorruptionError> {
        clip.check()?;
        match self {
            Self::CrossFade => Ok(image::cross_fade(clip, amount)),
            Self::Blur => Ok(Some(image::blur(clip, amount))),
            Self::Noise => Ok(Some(image::noise(clip, amount, seed))),
            Self::Compression => image::compress(clip, amount).map(Some),
            Self::ColorShift if seed.is_multiple_of(2) => Ok(Some(image::tint(clip, amount, seed))),
            _ => scene::apply(self, clip, amount, seed),
        }
    }
}
