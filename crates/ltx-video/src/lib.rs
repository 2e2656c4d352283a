#![doc = include_str!("../README.md")]

mod block;
mod by_block;
mod config;
mod error;
mod load;
mod lora;
mod memory;
mod names;
#[cfg(feature = "parity")]
pub mod parity;
mod pipeline;
mod rotary;
mod train;
mod transformer;
mod vae;

pub use config::Config;
pub use error::Error;
pub use load::{Files, Layout, transformer_shapes, vae_shapes};
pub use lora::Lora;
pub use memory::{Memory, Sizes};
pub use pipeline::{Condition, Noise, Pipeline, Request, Style, latent_tokens};
pub use rotary::{Coordinates, LatentScale, Rotary};
pub use train::{Clips, Example, loss, training_time};
pub use transformer::{Input, Timesteps, Transformer};
pub use vae::{DownBlockType, DownsampleType, NoiseFn, Posterior, Vae, VaeConfig, Version};
