//! Memory estimates for a clip from tensor shapes, before anything is loaded.
//!
//! Weights are counted exactly; activations are approximated by the largest tensors that are alive at once. Attention
//! processes queries in blocks, so its scores stay below a quarter of a gigabyte.

use nn_kit::memory::{ClipMemory, ClipPlan, count};

use crate::autoencoder::AutoencoderConfig;
use crate::config::Config;
use crate::error::Error;
use crate::load::{Layout, autoencoder_shapes, transformer_shapes};

/// Largest number of attention scores at once, and the number of such tensors alive (scores and their softmax).
const SCORES: (usize, usize) = (1 << 26, 2);
/// Number of token-sized tensors alive at once in a block: tokens, normalized tokens, queries, keys, values, their f32
/// copies with rotary positions, and the learned positions.
const TOKENS: usize = 10;
/// Number of the largest maps alive at once in the autoencoder: input, normalized, three taps of time, output,
/// residual.
const MAPS: usize = 7;

/// Estimated memory of a generation, in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Memory {
    /// Weights of the transformer.
    pub transformer: u64,
    /// Weights of the autoencoder.
    pub autoencoder: u64,
    /// Peak of the activations.
    pub activations: u64,
}

impl Memory {
    /// Estimates the memory for a clip of `[frames, height, width]` pixels. Weights and activations take `bytes` per
    /// number (2 for bf16, 4 for f32).
    ///
    /// # Errors
    /// An invalid clip size or configuration.
    pub fn estimate(
        transformer: &Config,
        autoencoder: &AutoencoderConfig,
        clip: [usize; 3],
        bytes: u64,
    ) -> Result<Self, Error> {
        let [frames, height, width] = clip;
        let [t, h, w] = autoencoder.latent_size(frames, height, width)?;
        let tokens: usize = transformer.tokens(t, h, w)?.iter().product();
        let block = tokens * (TOKENS * transformer.width() + 2 * transformer.hidden());
        let scores = (transformer.num_attention_heads * tokens * tokens).min(SCORES.0) * SCORES.1;
        // The decoder's last level has as many positions as the clip has cubes of pixels.
        let side = autoencoder.patch_size;
        let cubes = frames.div_ceil(side).max(1) * (height / side) * (width / side);
        let widest = [
            &autoencoder.encoder_block_out_channels,
            &autoencoder.decode_block_out_channels,
        ]
        .into_iter()
        .map(|levels| levels[0].max(levels.get(1).copied().unwrap_or(0)))
        .max()
        .unwrap_or(0)
        .max(autoencoder.in_channels * side.pow(3));
        let activations = (block + scores).max(MAPS * cubes * widest) as u64;
        Ok(Self {
            transformer: bytes * count(&transformer_shapes(transformer, Layout::Folder)?),
            autoencoder: bytes * count(&autoencoder_shapes(autoencoder, Layout::Folder)?),
            activations: bytes * activations,
        })
    }

    /// Returns the estimate, or an error with a suggestion if the clip needs more than `limit` bytes.
    ///
    /// # Errors
    /// As [`Self::estimate`], and a clip that needs more than the limit.
    pub fn check(
        transformer: &Config,
        autoencoder: &AutoencoderConfig,
        clip: [usize; 3],
        bytes: u64,
        limit: u64,
    ) -> Result<Self, Error> {
        let plan = ClipPlan {
            clip,
            step: autoencoder.temporal_compression_ratio,
            bytes,
            limit,
        };
        plan.check(format!("a clip of Cosmos {}", transformer.variant()), |clip, bytes| {
            Self::estimate(transformer, autoencoder, clip, bytes)
        })
    }
}

impl ClipMemory for Memory {
    fn weights(&self) -> u64 {
        self.transformer + self.autoencoder
    }

    fn total(&self) -> u64 {
        self.weights() + self.activations
    }
}
