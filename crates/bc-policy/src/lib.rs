//! Behaviour cloning policies for PushT: CNN, ResNet-18 and a small policy on tracked state.
//!
//! [`train`] turns episodes and a split into a [`BcPolicy`], which acts through [`pusht_env::Policy`] and is kept as one
//! safetensors file. `docs/policies.md` says what each kind sees, learns and cannot do.
//!
#![doc = include_str!("../README.md")]
#![recursion_limit = "256"]

mod cnn;
mod config;
mod diffusion;
mod error;
mod evaluate;
mod eyes;
mod features;
mod frames;
mod image;
mod mlp;
mod policy;
mod queues;
mod resnet;
mod sequence;
mod tracked;
mod train;
mod train_image;

pub use cnn::Cnn;
pub use config::{Augmentation, ImageConfig, PolicyConfig, PolicyKind, TrackedConfig};
pub use diffusion::{
    DiffusionConfig, DiffusionLowdim, DiffusionPolicy, EncoderConfig, RgbEncoder, Sampler, Unet, UnetConfig,
    train_diffusion_lowdim,
};
pub use error::BcError;
pub use evaluate::{Fit, evaluate, predict, regression_fit};
pub use eyes::{Sees, track_episodes, track_states};
pub use image::ImagePolicy;
pub use mlp::Mlp;
pub use policy::BcPolicy;
pub use resnet::{BasicBlock, Norm, NormKind, ResNet18, ResNet18Config};
pub use sequence::{Sequence, sequences};
pub use tracked::{TrackedPolicy, train_tracked};
pub use train::{Trained, train};
