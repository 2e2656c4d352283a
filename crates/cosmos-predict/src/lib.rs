#![doc = include_str!("../README.md")]

mod adapters;
mod autoencoder;
mod block;
mod by_block;
mod condition;
mod config;
mod error;
mod load;
mod memory;
mod modulation;
mod names;
#[cfg(feature = "parity")]
pub mod parity;
mod pipeline;
mod positions;
mod prompts;
mod train;
mod transformer;

pub use autoencoder::{CosmosAutoencoder, CosmosAutoencoderConfig, CosmosDecoder, CosmosEncoder, PatchMethod};
pub use condition::{CosmosCondition, EndFrame};
pub use config::{CosmosConfig, LearnedPositions};
pub use error::CosmosError;
pub use load::{CosmosLayout, CosmosVariant, cosmos_autoencoder_shapes, cosmos_shapes};
pub use memory::CosmosMemory;
pub use pipeline::{CosmosPipeline, CosmosPrompt, CosmosSampling, CosmosStep};
pub use prompts::CosmosPrompts;
pub use train::{CosmosBatch, CosmosLoss, SigmaDraws};
pub use transformer::{CosmosInput, CosmosTime, CosmosTransformer, text_bias};
