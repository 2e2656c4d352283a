//! Estimate of the memory for training, from shapes and settings alone, before anything is loaded.
//!
//! Weights, gradients and moments are exact; activations are counted as the tensors that a block's backward pass holds.
//! Text encoder, autoencoder and training are in memory one after the other; the largest counts.

use std::path::Path;

use burn::tensor::{Device, FloatDType};
use nn_kit::memory::{MemoryError, count, first_fitting, gigabytes};

use crate::config::FinetuneConfig;
use crate::error::FinetuneError;
use crate::family::{Family, Format};
use crate::smaller::smaller;

/// Number of tensors of a token's width that the backward pass of a block holds, without the feed-forward part.
const HELD: u64 = 32;
/// Number of tensors of its hidden width.
const HIDDEN: u64 = 3;
/// Number of tensors of the size of the scores in each attention.
const SCORES: u64 = 3;

/// Estimated memory of a training run, bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
pub struct TrainingMemory {
    /// All weights of the transformer.
    pub weights: u64,
    /// Gradients, moments and best values of the trained weights, and their copy in bf16 if the computation is in bf16.
    pub updates: u64,
    /// Tensors held for the backward pass.
    pub activations: u64,
    /// The autoencoder with its activations and those of sampling, beside the transformer while clips are sampled.
    pub sampling: u64,
    /// The text encoder.
    pub text: u64,
}

impl TrainingMemory {
    /// Peak memory.
    pub fn total(&self) -> u64 {
        (self.weights + self.updates + self.activations.max(self.sampling)).max(self.text)
    }
}

/// Sizes of a model to train.
#[derive(Clone, Debug)]
pub(crate) enum Sizes {
    Ltx(ltx_video::Sizes),
    Cosmos(
        cosmos_predict::Config,
        cosmos_predict::AutoencoderConfig,
        t5_encoder::Config,
    ),
}

/// Sizes of a block.
struct Blocks {
    count: usize,
    width: usize,
    hidden: usize,
    heads: usize,
    tokens: usize,
}

impl Sizes {
    /// Reads the sizes from published files; only configs and headers are read.
    pub(crate) fn open(family: Family, model: &Path, text: &Path) -> Result<Self, FinetuneError> {
        Ok(match family {
            Family::Ltx => Self::Ltx(ltx_video::Sizes::open(&ltx_video::Files {
                model,
                text: Some(text),
                version: None,
                dtype: FloatDType::F32,
            })?),
            Family::Cosmos => Self::Cosmos(
                cosmos_predict::Config::open(model)?,
                cosmos_predict::AutoencoderConfig::open(model)?,
                t5_encoder::Config::open(text)?,
            ),
        })
    }

    /// Checks that the model supports the clips.
    pub(crate) fn check_clip(&self, config: &FinetuneConfig) -> Result<(), FinetuneError> {
        self.blocks(config).map(|_| ())
    }

    fn blocks(&self, config: &FinetuneConfig) -> Result<Blocks, FinetuneError> {
        let clip = [config.frames, config.height, config.width];
        Ok(match self {
            Self::Ltx(sizes) => {
                let [frames, rows, columns] = sizes.autoencoder.latent_size(clip)?;
                Blocks {
                    count: sizes.transformer.num_layers,
                    width: sizes.transformer.width(),
                    hidden: 4 * sizes.transformer.width(),
                    heads: sizes.transformer.num_attention_heads,
                    // The last frame has additional tokens.
                    tokens: (frames + usize::from(config.last_frame > 0.0)) * rows * columns,
                }
            }
            Self::Cosmos(transformer, autoencoder, _) => {
                let [t, h, w] = autoencoder.latent_size(clip[0], clip[1], clip[2])?;
                Blocks {
                    count: transformer.num_layers,
                    width: transformer.width(),
                    hidden: (transformer.width() as f64 * transformer.mlp_ratio) as usize,
                    heads: transformer.num_attention_heads,
                    tokens: transformer.tokens(t, h, w)?.iter().product(),
                }
            }
        })
    }

    /// Numbers of parameters of the model and of the adapters.
    fn parameters(&self, config: &FinetuneConfig) -> Result<[u64; 2], FinetuneError> {
        let device = Device::default();
        Ok(match self {
            Self::Ltx(sizes) => {
                let shapes = ltx_video::transformer_shapes(&sizes.transformer, ltx_video::Layout::Folder)?;
                let adapted =
                    ltx_video::Transformer::new(&sizes.transformer, &device)?.adapted(&config.lora(), &device)?;
                [count(&shapes), count(&adapted.adapter_shapes())]
            }
            Self::Cosmos(transformer, ..) => {
                let shapes = cosmos_predict::transformer_shapes(transformer, cosmos_predict::Layout::Folder)?;
                let lora = config.lora();
                let adapted = cosmos_predict::Transformer::new(transformer, &device)?;
                let adapted = adapted.adapted(lora.rank, lora.alpha, &|layer| lora.covers(layer), &device);
                [count(&shapes), count(&adapted.adapter_shapes())]
            }
        })
    }

    /// Estimates the memory with `bytes` per number of the computation.
    pub(crate) fn memory(&self, config: &FinetuneConfig, bytes: u64) -> Result<TrainingMemory, FinetuneError> {
        let blocks = self.blocks(config)?;
        let [parameters, adapters] = self.parameters(config)?;
        let part = config.batch_size.div_ceil(config.accumulate.max(1)) as u64;
        let (tokens, width) = (blocks.tokens as u64, blocks.width as u64);
        let scores = SCORES * blocks.heads as u64 * tokens * (tokens + config.tokens as u64);
        let block = tokens * (HELD * width + HIDDEN * blocks.hidden as u64) + scores;
        let inputs = blocks.count as u64 * tokens * width;
        let held = if config.checkpointing {
            block + inputs
        } else {
            block * blocks.count as u64
        };
        let trained = if config.full { parameters } else { adapters };
        let clip = [config.frames, config.height, config.width];
        let (sampling, text) = match self {
            Self::Ltx(sizes) => {
                let found = ltx_video::Memory::estimate(sizes, clip, bytes)?;
                (found.autoencoder + found.activations, &sizes.text)
            }
            Self::Cosmos(transformer, autoencoder, text) => {
                let found = cosmos_predict::Memory::estimate(transformer, autoencoder, clip, bytes)?;
                (found.autoencoder + found.activations, text)
            }
        };
        let own = if config.full {
            4 * parameters
        } else {
            bytes * parameters + 4 * adapters
        };
        // In f32: gradients, two moments and the best weights; in bf16: a copy of the trained weights, and its
        // gradients.
        let copy = if config.full && bytes < 4 { 2 * bytes } else { 0 };
        Ok(TrainingMemory {
            weights: own,
            updates: trained * (16 + copy),
            activations: bytes * part * held,
            sampling,
            text: text_bytes(text, config.text_8bit, bytes),
        })
    }

    /// Checks that training fits into `limit` bytes; the error suggests settings that fit. `bytes` gives the bytes per
    /// number in a format.
    pub(crate) fn check_memory(
        &self,
        config: &FinetuneConfig,
        limit: Option<u64>,
        bytes: &dyn Fn(Format) -> u64,
    ) -> Result<TrainingMemory, FinetuneError> {
        let needs = |config: &FinetuneConfig| self.memory(config, bytes(config.format));
        let found = needs(config)?;
        let Some(limit) = limit.filter(|limit| found.total() > *limit) else {
            return Ok(found);
        };
        let smaller = smaller(config);
        let fitting = first_fitting(&smaller, limit, |smaller| {
            needs(&smaller.config).map(|need| need.total())
        })?;
        let advice = match (fitting, smaller.last()) {
            (Some((smaller, needed)), _) => {
                let with = smaller.changes.join(" ");
                format!("with --set {with} it is about {:.1} GB", gigabytes(needed))
            }
            (None, Some(least)) => format!(
                "even with {} it is {:.1} GB; take another device",
                least.changes.join(" "),
                gigabytes(needs(&least.config)?.total())
            ),
            (None, None) => "take another device".to_owned(),
        };
        Err(FinetuneError::Memory(MemoryError {
            what: "training".to_owned(),
            needed: found.total(),
            limit,
            advice,
        }))
    }
}

/// Memory of the text encoder's weights; in 8 bits the embeddings stay in f32, and one block is in f32 as well.
fn text_bytes(config: &t5_encoder::Config, in_8_bits: bool, bytes: u64) -> u64 {
    let all = count(&t5_encoder::shapes(config));
    if !in_8_bits {
        return bytes * all;
    }
    let embeddings = (config.vocab_size * config.d_model) as u64;
    let blocks = all - embeddings;
    blocks + 4 * embeddings + 4 * blocks / config.num_layers.max(1) as u64
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::family::Preset;

    fn published() -> [Sizes; 2] {
        let ltx = ltx_video::Sizes {
            transformer: ltx_video::Config::default(),
            autoencoder: ltx_video::Version::V095.config(),
            text: t5_encoder::Config::default(),
        };
        let autoencoder = cosmos_predict::AutoencoderConfig::default();
        [
            Sizes::Ltx(ltx),
            Sizes::Cosmos(
                cosmos_predict::Config::video2world_7b(),
                autoencoder,
                t5_encoder::Config::t5_11b(),
            ),
        ]
    }

    #[test]
    fn adapters_take_little_and_all_weights_take_twenty_bytes_each() {
        let [ltx, cosmos] = published();
        let config = FinetuneConfig::preset(Preset::Ours, Family::Ltx);
        let found = ltx.memory(&config, 2).unwrap();
        // Rank 32 on eight square maps of 28 blocks.
        let adapters = 28 * 8 * 2 * 32 * 2048;
        assert_eq!(found.weights, 2 * 1_923_385_472 + 4 * adapters);
        assert_eq!(found.updates, 16 * adapters);
        assert!(found.total() < 24_000_000_000, "{found:?}");
        // T5 v1.1 XXL: 4.6 GB in 8 bits, 0.5 GB of embeddings, 0.8 GB for the current block.
        assert_eq!(found.text / 10_000_000, 592);
        let full = FinetuneConfig { full: true, ..config };
        let all = ltx.memory(&full, 4).unwrap();
        assert_eq!(all.weights + all.updates, 20 * 1_923_385_472);
        let config = FinetuneConfig::preset(Preset::Ours, Family::Cosmos);
        let found = cosmos.memory(&config, 2).unwrap();
        assert!(
            (15_000_000_000..16_000_000_000).contains(&(found.weights + found.updates)),
            "{found:?}"
        );
    }

    #[test]
    fn what_does_not_fit_is_refused_with_what_would() {
        let [ltx, _] = published();
        let bytes = |format: Format| if format == Format::Bf16 { 2 } else { 4 };
        let mut config = FinetuneConfig::preset(Preset::Ours, Family::Ltx);
        assert!(ltx.check_memory(&config, None, &bytes).is_ok());
        let text = ltx
            .check_memory(&config, Some(9_000_000_000), &bytes)
            .unwrap_err()
            .to_string();
        assert!(text.contains("format=bf16") && text.contains("it is about"), "{text}");
        config.full = true;
        config.checkpointing = false;
        let text = ltx
            .check_memory(&config, Some(30_000_000_000), &bytes)
            .unwrap_err()
            .to_string();
        assert!(
            text.contains("checkpointing=true") && text.contains("full=false"),
            "{text}"
        );
        let text = ltx
            .check_memory(&config, Some(1_000_000_000), &bytes)
            .unwrap_err()
            .to_string();
        assert!(text.contains("take another device"), "{text}");
    }
}
