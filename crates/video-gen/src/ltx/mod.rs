//! LTX-Video: transformer, autoencoders, pipelines, training.

mod block;
mod config;
mod error;
mod load;
mod lora;
mod names;
mod parity;
mod rotary;
mod transformer;
mod vae;

pub use config::LtxConfig;
pub use error::LtxError;
pub use load::{LtxLayout, ltx_shapes, ltx_vae_shapes};
pub use lora::LtxLora;
pub use parity::LTX_MODELS;
pub use rotary::{Coordinates, Rotary};
pub use transformer::{LtxInput, LtxTransformer, Timesteps};
pub use vae::{DownBlockType, DownsampleType, Draw, LtxVae, LtxVaeConfig, LtxVersion, Posterior};
