//! How much memory a clip needs, from the shapes alone: known before anything is loaded.
//!
//! An estimate: weights are exact, activations are counted as the largest tensors that live at once. The transformer's
//! attention takes queries in blocks, so that its scores stay below a quarter of a gigabyte.

use nn_kit::memory::{ClipMemory, ClipPlan, count};

use crate::autoencoder::AutoencoderConfig;
use crate::config::Config;
use crate::error::Error;
use crate::load::{Layout, autoencoder_shapes, transformer_shapes};

/// Numbers in the scores of an attention, at most, and how many such tensors live at once (scores, their softmax).
const SCORES: (usize, usize) = (1 << 26, 2);
/// Tensors of the tokens' size that live at once in a block: tokens, normed, queries, keys, values, their f32 copies with
/// rotary positions, and the learned positions.
const TOKENS: usize = 10;
/// Maps of the largest size that live at once in the autoencoder: input, normed, three taps of time, output, residual.
const MAPS: usize = 7;

/// Bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Memory {
    /// The transformer's weights.
    pub transformer: u64,
    /// The autoencoder's weights.
    pub autoencoder: u64,
    /// The most that activations take at once.
    pub activations: u64,
}

impl Memory {
    /// Of a clip of `[frames, height, width]` pixels with weights and activations of `bytes` a number (2 for bf16, 4 for
    /// f32).
    ///
    /// # Errors
    /// A clip or sizes that cannot be.
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
        // The decoder's last level: as many cubes of pixels as the clip has.
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

    /// Refuses what does not fit into `limit` bytes, with what would.
    ///
    /// # Errors
    /// More than the limit.
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
