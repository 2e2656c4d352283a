//! Configuration of the autoencoder, named as in its published `config.json`.

use serde::{Deserialize, Serialize};

use crate::error::Error;

/// How cubes of pixels are converted to channels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PatchMethod {
    /// By a Haar wavelet transform: sums and differences of neighbors, repeated until the side is 1.
    Haar,
    /// By rearrangement, without changing the values.
    Rearrange,
}

/// Configuration of an [`Autoencoder`](super::Autoencoder). Field names are those of the published `config.json`
/// (diffusers); other fields of the file are ignored.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct AutoencoderConfig {
    /// Channels of an input frame.
    pub in_channels: usize,
    /// Channels of an output frame.
    pub out_channels: usize,
    /// Channels of a latent.
    pub latent_channels: usize,
    /// Channels of the encoder's levels, the first being the input's.
    pub encoder_block_out_channels: Vec<usize>,
    /// Channels of the decoder's levels, the first being the output's.
    pub decode_block_out_channels: Vec<usize>,
    /// Sides of the maps after which a level has attention, for frames of side `resolution`.
    pub attention_resolutions: Vec<usize>,
    /// Side of the frames to which `attention_resolutions` refers.
    pub resolution: usize,
    /// Residual blocks per level (the decoder has one more).
    pub num_layers: usize,
    /// Side of the cubes of pixels that become channels; a power of two.
    pub patch_size: usize,
    /// Conversion of cubes to channels.
    pub patch_type: PatchMethod,
    /// Ratio of the sides in pixels to those of the latent; a power of two.
    pub spatial_compression_ratio: usize,
    /// Video frames per latent frame, after the first frame; a power of two.
    pub temporal_compression_ratio: usize,
    /// Mean of the latents, for each channel and latent frame (channel by channel).
    pub latents_mean: Option<Vec<f32>>,
    /// Standard deviation of the latents, in the same order.
    pub latents_std: Option<Vec<f32>>,
}

impl Default for AutoencoderConfig {
    /// Configuration of Cosmos-Tokenize1-CV8x8x8-720p, without mean and standard deviation of the latents.
    fn default() -> Self {
        Self {
            in_channels: 3,
            out_channels: 3,
            latent_channels: 16,
            encoder_block_out_channels: vec![128, 256, 512, 512],
            decode_block_out_channels: vec![256, 512, 512, 512],
            attention_resolutions: vec![32],
            resolution: 1024,
            num_layers: 2,
            patch_size: 4,
            patch_type: PatchMethod::Haar,
            spatial_compression_ratio: 8,
            temporal_compression_ratio: 8,
            latents_mean: None,
            latents_std: None,
        }
    }
}

impl AutoencoderConfig {
    /// Number of levels after the patches that halve rows and columns, and number that halve frames.
    fn halvings(&self) -> (usize, usize) {
        let log = |ratio: usize| ratio.trailing_zeros().saturating_sub(self.patch_size.trailing_zeros()) as usize;
        (
            log(self.spatial_compression_ratio),
            log(self.temporal_compression_ratio),
        )
    }

    /// Whether the encoder halves (rows and columns, frames) after this level, counted from 0.
    pub(super) fn halves(&self, level: usize) -> (bool, bool) {
        let (spatial, temporal) = self.halvings();
        (level < spatial, level < temporal)
    }

    /// Whether the decoder doubles (rows and columns, frames) after this level, counted from 0. The last one never
    /// does, as in diffusers.
    pub(super) fn doubles(&self, level: usize) -> (bool, bool) {
        let (spatial, temporal) = self.halvings();
        if level + 2 >= self.decode_block_out_channels.len() {
            return (false, false);
        }
        let in_time = (1..=temporal).contains(&level);
        (in_time || (level < spatial && spatial > temporal), in_time)
    }

    /// Whether attention follows the residual blocks of this encoder level.
    pub(super) fn attends(&self, level: usize) -> bool {
        self.attention_resolutions
            .contains(&((self.resolution / self.patch_size) >> level))
    }

    /// Number of values in a cube of one channel.
    pub(super) fn cube(&self) -> usize {
        self.patch_size.pow(3)
    }

    /// Returns latent frames, rows and columns of a clip.
    ///
    /// # Errors
    /// A clip that does not have 8k + 1 frames (for a ratio of 8), or whose sides are not multiples of the ratio.
    pub fn latent_size(&self, frames: usize, height: usize, width: usize) -> Result<[usize; 3], Error> {
        let (time, side) = (self.temporal_compression_ratio, self.spatial_compression_ratio);
        if frames == 0 || !(frames - 1).is_multiple_of(time) {
            let near = frames.saturating_sub(1) / time * time + 1;
            return Err(Error::Size {
                what: "frames".to_string(),
                found: frames,
                expected: format!("{time}·k + 1, such as {near} or {}", near + time),
            });
        }
        for (name, found) in [("rows of pixels", height), ("columns of pixels", width)] {
            if found == 0 || !found.is_multiple_of(side) {
                return Err(Error::Size {
                    what: name.to_string(),
                    found,
                    expected: format!("a multiple of {side}"),
                });
            }
        }
        Ok([(frames - 1) / time + 1, height / side, width / side])
    }

    /// Checks the configuration.
    ///
    /// # Errors
    /// The first invalid setting.
    pub fn check(&self) -> Result<(), Error> {
        let wrong = |setting: &'static str, found: String, expected: &str| {
            Err(Error::Config {
                setting,
                found,
                expected: expected.to_string(),
            })
        };
        for (setting, levels) in [
            ("encoder_block_out_channels", &self.encoder_block_out_channels),
            ("decode_block_out_channels", &self.decode_block_out_channels),
        ] {
            if !(2..=16).contains(&levels.len()) || levels.iter().any(|n| !(1..=1 << 16).contains(n)) {
                return wrong(setting, format!("{levels:?}"), "2 to 16 numbers of channels");
            }
        }
        for (setting, found) in [
            ("in_channels", self.in_channels),
            ("out_channels", self.out_channels),
            ("latent_channels", self.latent_channels),
            ("num_layers", self.num_layers),
            ("resolution", self.resolution),
        ] {
            if !(1..=1 << 16).contains(&found) {
                return wrong(setting, found.to_string(), "a number from 1 to 65536");
            }
        }
        if !self.patch_size.is_power_of_two() || self.patch_size > 16 {
            return wrong("patch_size", self.patch_size.to_string(), "1, 2, 4, 8 or 16");
        }
        for (setting, found) in [
            ("spatial_compression_ratio", self.spatial_compression_ratio),
            ("temporal_compression_ratio", self.temporal_compression_ratio),
        ] {
            if !found.is_power_of_two() || found < self.patch_size || found > 256 {
                return wrong(setting, found.to_string(), "a power of two from patch_size to 256");
            }
        }
        let (spatial, temporal) = self.halvings();
        let levels = self
            .encoder_block_out_channels
            .len()
            .min(self.decode_block_out_channels.len());
        if spatial.max(temporal) + 2 > levels {
            let found = format!(
                "{} and {}",
                self.spatial_compression_ratio, self.temporal_compression_ratio
            );
            return wrong(
                "the compression ratio",
                found,
                "no more halvings than there are levels less two",
            );
        }
        for (setting, list) in [("latents_mean", &self.latents_mean), ("latents_std", &self.latents_std)] {
            let whole = |list: &Vec<f32>| !list.is_empty() && list.len().is_multiple_of(self.latent_channels);
            if list.as_ref().is_some_and(|list| !whole(list)) {
                let found = list.as_ref().map_or(0, Vec::len);
                return wrong(setting, format!("{found} numbers"), "a multiple of latent_channels");
            }
        }
        if self.latents_mean.as_ref().map(Vec::len) != self.latents_std.as_ref().map(Vec::len) {
            let found = format!("{} numbers", self.latents_std.as_ref().map_or(0, Vec::len));
            return wrong("latents_std", found, "as many numbers as latents_mean has");
        }
        Ok(())
    }
}
