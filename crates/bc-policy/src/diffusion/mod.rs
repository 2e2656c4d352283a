//! Diffusion Policy (Chi et al. 2023): actions are drawn by taking noise off a sequence of them, step by step.

mod acting;
mod config;
mod lowdim;
mod norm;
mod unet;

pub use config::{DiffusionConfig, Sampler, UnetConfig};
pub(crate) use lowdim::KIND as LOWDIM;
pub use lowdim::{DiffusionLowdim, train_diffusion_lowdim};
pub use unet::Unet;
