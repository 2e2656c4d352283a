//! Diffusion Policy (Chi et al. 2023): sequences of actions are sampled by a reverse diffusion process.

mod acting;
mod config;
mod encoder;
mod lowdim;
mod noised;
mod norm;
mod observed;
mod unet;

pub use config::{DiffusionConfig, Sampler, UnetConfig};
pub use encoder::RgbEncoder;
pub use lowdim::DiffusionLowdim;
pub use observed::{DiffusionPolicy, EncoderConfig};
pub use unet::Unet;
