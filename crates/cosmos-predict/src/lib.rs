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

pub use autoencoder::{Autoencoder, AutoencoderConfig, Decoder, Encoder, PatchMethod};
pub use condition::{Condition, EndFrame};
pub use config::{Config, LearnedPositions};
pub use error::Error;
pub use load::{Layout, Variant, autoencoder_shapes, transformer_shapes};
pub use memory::Memory;
pub use pipeline::{Pipeline, Prompt, Sampling, Step};
pub use prompts::Prompts;
pub use train::{Batch, Loss, SigmaDraws};
pub use transformer::{Input, Time, Transformer, text_bias};
