//! Diffusion Policy (Chi et al. 2023): actions are drawn by taking noise off a sequence of them, step by step.

mod acting;
mod config;
mod encoder;
mod lerobot;
mod lowdim;
mod norm;
mod observed;
mod pictures;
mod tensors;
mod unet;

pub use config::{DiffusionConfig, Sampler, UnetConfig};
pub use encoder::RgbEncoder;
pub(crate) use lerobot::load as load_lerobot;
pub(crate) use lowdim::KIND as LOWDIM;
pub use lowdim::{DiffusionLowdim, train_diffusion_lowdim};
pub(crate) use observed::KIND as PICTURES;
pub use observed::{DiffusionPolicy, EncoderConfig};
pub(crate) use pictures::train_diffusion;
pub use unet::Unet;
