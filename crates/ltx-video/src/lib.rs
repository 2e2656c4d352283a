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

pub use config::LtxConfig;
pub use error::LtxError;
pub use load::{LtxFiles, LtxLayout, ltx_shapes, ltx_vae_shapes};
pub use lora::LtxLora;
pub use memory::{LtxMemory, LtxSizes, count};
pub use pipeline::{LtxCondition, LtxModel, LtxRequest, LtxStyle, Noise, latent_tokens};
pub use rotary::{Coordinates, LatentScale, Rotary};
pub use train::{LtxClips, LtxExample, ltx_loss, training_time};
pub use transformer::{LtxInput, LtxTransformer, Timesteps};
pub use vae::{DownBlockType, DownsampleType, Draw, LtxVae, LtxVaeConfig, LtxVersion, Posterior};
