//! LTX-Video: transformer, autoencoders, pipelines, training.

mod block;
mod by_block;
mod config;
mod error;
mod load;
mod lora;
mod memory;
mod names;
mod parity;
mod parity_runs;
mod pipeline;
mod rotary;
mod train;
mod transformer;
mod vae;
mod video;

pub use config::LtxConfig;
pub use error::LtxError;
pub use load::{LtxLayout, ltx_shapes, ltx_vae_shapes};
pub use lora::LtxLora;
pub(crate) use memory::count;
pub use memory::{LtxMemory, LtxSizes};
pub(crate) use names::vae_names;
pub use parity::LTX_MODELS;
pub(crate) use pipeline::rows;
pub use pipeline::{LtxCondition, LtxModel, LtxRequest, LtxStyle, Noise};
pub use rotary::{Coordinates, LatentScale, Rotary};
pub use train::{LtxClips, LtxExample, ltx_loss, training_time};
pub use transformer::{LtxInput, LtxTransformer, Timesteps};
pub use vae::{DownBlockType, DownsampleType, Draw, LtxVae, LtxVaeConfig, LtxVersion, Posterior};
pub use video::{LtxFiles, LtxSettings, LtxVideo};
