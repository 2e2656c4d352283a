//! Cosmos-Predict1: a diffusion transformer over the latents of a causal video autoencoder, from a prompt (text2world) or
//! from a prompt and frames (video2world).
//!
//! Formulas, published files and what breaks ports: `docs/video-models.md`.

mod autoencoder;
mod block;
mod condition;
mod config;
mod error;
mod modulation;
mod names;
mod parity;
mod pipeline;
mod positions;
mod train;
mod transformer;

pub use autoencoder::{
    COSMOS_AUTOENCODER_NAMES, CosmosAutoencoder, CosmosAutoencoderConfig, CosmosDecoder, CosmosEncoder, PatchMethod,
};
pub use condition::{CosmosCondition, EndFrame};
pub use config::{CosmosConfig, LearnedPositions};
pub use error::CosmosError;
pub use names::COSMOS_NAMES;
pub use parity::COSMOS_MODELS;
pub use pipeline::{CosmosPipeline, CosmosPrompt, CosmosSampling, CosmosStep};
pub use train::{CosmosBatch, CosmosLoss, SigmaDraws};
pub use transformer::{CosmosInput, CosmosTime, CosmosTransformer, text_bias};
