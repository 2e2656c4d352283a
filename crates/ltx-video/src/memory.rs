//! Memory estimates for a clip from tensor shapes, before anything is loaded.
//!
//! Weights are counted exactly; activations are approximated by the largest tensors that are alive at once.

use burn::tensor::FloatDType;
use nn_kit::memory::{ClipMemory, ClipPlan, count};

use crate::config::Config;
use crate::error::Error;
use crate::load::{Files, Layout, transformer_shapes, vae_shapes};
use crate::vae::VaeConfig;

/// Number of token-sized tensors alive at once in a block: tokens, normalized tokens, queries, keys, values, their f32
/// copies with rotary positions, and modulations.
const TOKENS: usize = 12;
/// Hidden width of the feed-forward part as a multiple of the token width, before and after its GELU.
const HIDDEN: usize = 2 * 4;
/// Largest number of attention scores at once, and the number of such tensors alive (scores and their softmax).
const SCORES: (usize, usize) = (1 << 26, 2);
/// Number of the largest maps alive at once in the autoencoder: input, normalized, padded, three taps, output,
/// residual.
const MAPS: usize = 8;
/// Number of clips in the transformer at once with guidance: one with the prompt, one with the negative prompt.
const GUIDED: usize = 2;

/// Estimated memory of a generation, in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Memory {
    /// Weights of the transformer.
    pub transformer: u64,
    /// Weights of the autoencoder.
    pub autoencoder: u64,
    /// Weights of the text encoder.
    pub text: u64,
    /// Peak of the activations.
    pub activations: u64,
}

/// Configurations of the three models.
#[derive(Clone, Debug, PartialEq)]
pub struct Sizes {
    /// Configuration of the transformer.
    pub transformer: Config,
    /// Configuration of the autoencoder.
    pub autoencoder: VaeConfig,
    /// Configuration of the text encoder.
    pub text: t5_encoder::Config,
}

impl Sizes {
    /// Reads the configurations from published files; only settings and headers are read.
    ///
    /// # Errors
    /// Files that are missing, damaged or of another version.
    pub fn open(files: &Files<'_>) -> Result<Self, Error> {
        Ok(Self {
            autoencoder: VaeConfig::open(files.model, files.version)?,
            transformer: Config::open(files.model)?,
            text: t5_encoder::Config::open(files.text.unwrap_or(files.model))?,
        })
    }

    /// Returns the number of tokens of a clip of `[frames, height, width]` pixels.
    ///
    /// # Errors
    /// An invalid clip size.
    pub fn tokens(&self, clip: [usize; 3]) -> Result<usize, Error> {
        Ok(self.autoencoder.latent_size(clip)?.iter().product())
    }
}

impl Memory {
    /// Estimates the memory for generating a clip of `[frames, height, width]` pixels between two frames with guidance.
    /// Weights and activations take `bytes` per number (2 for bf16, 4 for f32).
    ///
    /// # Errors
    /// An invalid clip size or configuration.
    pub fn estimate(sizes: &Sizes, clip: [usize; 3], bytes: u64) -> Result<Self, Error> {
        let [latent_frames, rows, columns] = sizes.autoencoder.latent_size(clip)?;
        // The end frame has its own tokens.
        let tokens = GUIDED * (latent_frames + 1) * rows * columns;
        let width = sizes.transformer.width();
        let block = tokens * (TOKENS + HIDDEN) * width;
        let heads = sizes.transformer.num_attention_heads;
        let scores = (heads * tokens * (tokens / GUIDED)).min(SCORES.0) * SCORES.1;
        let activations = (block + scores).max(autoencoder_activations(&sizes.autoencoder, clip)) as u64;
        Ok(Self {
            transformer: bytes * count(&transformer_shapes(&sizes.transformer, Layout::Folder)?),
            autoencoder: bytes * count(&vae_shapes(&sizes.autoencoder, Layout::Folder)?),
            text: bytes * count(&t5_encoder::shapes(&sizes.text)),
            activations: bytes * activations,
        })
    }

    /// Returns the estimate, or an error with a suggestion if the clip needs more than `limit` bytes.
    ///
    /// # Errors
    /// As [`Self::estimate`], and a clip that needs more than the limit.
    pub fn check(sizes: &Sizes, clip: [usize; 3], bytes: u64, limit: u64) -> Result<Self, Error> {
        let plan = ClipPlan {
            clip,
            step: sizes.autoencoder.temporal(),
            bytes,
            limit,
        };
        plan.check("a clip of LTX-Video", |clip, bytes| Self::estimate(sizes, clip, bytes))
    }

    /// [`Self::check`] for published files, of which only settings and headers are read.
    ///
    /// # Errors
    /// As [`Self::check`] and [`Sizes::open`].
    pub fn check_files(files: &Files<'_>, clip: [usize; 3], limit: u64) -> Result<Self, Error> {
        let bytes = if files.dtype == FloatDType::F32 { 4 } else { 2 };
        Self::check(&Sizes::open(files)?, clip, bytes, limit)
    }
}

impl ClipMemory for Memory {
    fn weights(&self) -> u64 {
        self.transformer + self.autoencoder + self.text
    }

    fn total(&self) -> u64 {
        self.weights() + self.activations
    }
}

/// Numbers in the maps that are alive at once at the autoencoder's largest level, next to the pixels.
fn autoencoder_activations(config: &VaeConfig, [frames, height, width]: [usize; 3]) -> usize {
    let patch = config.patch_size * config.patch_size * config.patch_size_t;
    let widest = config.outer_width().max(config.in_channels * patch);
    MAPS * frames.div_ceil(config.patch_size_t) * (height * width).div_ceil(patch / config.patch_size_t) * widest
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vae::Version;

    fn published() -> Sizes {
        Sizes {
            transformer: Config::default(),
            autoencoder: Version::V095.config(),
            text: t5_encoder::Config::default(),
        }
    }

    #[test]
    fn weights_are_exact_and_activations_grow_with_the_clip() {
        let clip = [33, 512, 512];
        let found = Memory::estimate(&published(), clip, 2).unwrap();
        assert_eq!(found.transformer, 2 * 1_923_385_472);
        assert_eq!(found.text, 2 * 4_762_310_656);
        let longer = Memory::estimate(&published(), [121, 512, 512], 2).unwrap();
        assert!(longer.activations > found.activations);
        assert_eq!(published().tokens(clip).unwrap(), 5 * 16 * 16);
    }

    #[test]
    fn what_does_not_fit_is_refused_with_what_would() {
        let check = |frames, bytes, limit| Memory::check(&published(), [frames, 512, 512], bytes, limit);
        assert!(check(33, 2, 80_000_000_000).is_ok());
        let text = check(257, 2, 24_000_000_000).unwrap_err().to_string();
        assert!(text.contains("frames of 512 × 512 px in bf16 would fit"), "{text}");
        let text = check(33, 4, 24_000_000_000).unwrap_err().to_string();
        assert!(text.contains("33 frames of 512 × 512 px in bf16 would fit"), "{text}");
        let text = check(33, 2, 8_000_000_000).unwrap_err().to_string();
        assert!(text.contains("the weights alone are 15.9 GB"), "{text}");
        let text = check(32, 2, u64::MAX).unwrap_err().to_string();
        assert!(text.contains("8k + 1"), "{text}");
    }
}
