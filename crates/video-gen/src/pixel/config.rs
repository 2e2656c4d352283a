//! Sizes of the pixel model.

use burn::config::Config;

use super::codec::PatchCodecConfig;
use super::error::PixelError;

/// Configuration of the pixel model: clips, codec and transformer. The default is for a GPU; [`PixelConfig::small`] can
/// be trained on two cores.
#[derive(Config, Debug, PartialEq)]
pub struct PixelConfig {
    /// The codec.
    #[config(default = "PatchCodecConfig::new()")]
    pub codec: PatchCodecConfig,
    /// Number of groups of frames in a clip, after its first frame.
    #[config(default = 8)]
    pub groups: usize,
    /// Side of the square of latent pixels per token.
    #[config(default = 2)]
    pub token: usize,
    /// Width of a token in the transformer.
    #[config(default = 384)]
    pub width: usize,
    /// Number of attention heads; `width / heads` is even.
    #[config(default = 6)]
    pub heads: usize,
    /// Number of transformer blocks.
    #[config(default = 12)]
    pub depth: usize,
    /// Probability that the first frame of a training clip is given.
    #[config(default = 0.9)]
    pub start_probability: f64,
    /// Probability that the last frame is given.
    #[config(default = 0.7)]
    pub end_probability: f64,
    /// Probability that the caption is given.
    #[config(default = 0.5)]
    pub caption_probability: f64,
    /// Number of Euler steps of the sampler.
    #[config(default = 20)]
    pub sampling_steps: usize,
}

impl PixelConfig {
    /// Configuration with a tenth of the default's parameters and clips of half the length.
    pub fn small() -> Self {
        Self::new().with_groups(4).with_width(192).with_depth(4)
    }

    /// Checks the settings.
    ///
    /// # Errors
    /// The first invalid setting.
    pub fn check(&self) -> Result<(), PixelError> {
        self.codec.check()?;
        let refuse = |setting, found: String, expected: String| {
            Err(PixelError::Config {
                setting,
                found,
                expected,
            })
        };
        for (setting, found, least) in [
            ("groups", self.groups, 1),
            ("depth", self.depth, 1),
            ("sampling_steps", self.sampling_steps, 1),
        ] {
            if found < least {
                return refuse(setting, found.to_string(), format!("at least {least}"));
            }
        }
        let grid = self.codec.grid();
        if self.token == 0 || !grid.is_multiple_of(self.token) {
            return refuse("token", self.token.to_string(), format!("a divisor of {grid}"));
        }
        if self.heads == 0 || !self.width.is_multiple_of(2 * self.heads) || self.width == 0 {
            let expected = format!("a divisor of half the width, {}", self.width / 2);
            return refuse("heads", self.heads.to_string(), expected);
        }
        for (setting, found) in [
            ("start_probability", self.start_probability),
            ("end_probability", self.end_probability),
            ("caption_probability", self.caption_probability),
        ] {
            if !(0.0..=1.0).contains(&found) {
                return refuse(setting, found.to_string(), "0 to 1".to_owned());
            }
        }
        Ok(())
    }

    /// Frames per clip, first and last included.
    pub fn frames(&self) -> usize {
        1 + self.groups * self.codec.group
    }

    /// Size of a token.
    pub(super) fn numbers(&self) -> usize {
        self.codec.channels * self.token * self.token
    }
}
