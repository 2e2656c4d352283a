//! Cosmos-Predict1: a diffusion transformer over the latents of a causal video autoencoder, from a prompt (text2world) or
//! from a prompt and frames (video2world).
//!
//! Formulas, published files and what breaks ports: `docs/cosmos.md`.

mod adapters;
mod autoencoder;
mod block;
mod by_block;
mod condition;
mod config;
mod error;
mod load;
mod memory;
mod model;
mod modulation;
mod names;
mod parity;
mod pipeline;
mod positions;
mod train;
mod transformer;

pub use autoencoder::{CosmosAutoencoder, CosmosAutoencoderConfig, CosmosDecoder, CosmosEncoder, PatchMethod};
pub use condition::{CosmosCondition, EndFrame};
pub use config::{CosmosConfig, LearnedPositions};
pub use error::CosmosError;
pub use load::{CosmosLayout, CosmosVariant, cosmos_autoencoder_shapes, cosmos_shapes};
pub use memory::CosmosMemory;
pub use model::{CosmosPrompts, CosmosVideo};
pub(crate) use names::autoencoder_names;
pub use parity::COSMOS_MODELS;
pub use pipeline::{CosmosPipeline, CosmosPrompt, CosmosSampling, CosmosStep};
pub use train::{CosmosBatch, CosmosLoss, SigmaDraws};
pub use transformer::{CosmosInput, CosmosTime, CosmosTransformer, text_bias};
