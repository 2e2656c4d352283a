//! Behavior cloning policies for PushT: CNN, ResNet-18, an MLP on tracked states, and Diffusion Policy.
//!
//! A [`pusht_training::TrainSpec`] with a [`PolicyConfig`] trains a [`BcPolicy`] on episodes. The policy acts through
//! [`pusht_env::Policy`] and is saved as one safetensors file. `docs/policies.md` describes the kinds.
//!
#![doc = include_str!("../README.md")]
#![recursion_limit = "256"]

mod cnn;
mod config;
mod diffusion;
mod error;
mod evaluate;
mod family;
mod features;
mod fit;
mod image;
mod mlp;
mod obs_source;
mod policy;
mod queues;
mod registry;
mod resnet;
mod sections;
mod sequence;
mod tracked;
mod train;

pub use cnn::Cnn;
pub use config::PolicyConfig;
pub use diffusion::{
    DiffusionConfig, DiffusionLowdim, DiffusionPolicy, EncoderConfig, RgbEncoder, Sampler, Unet, UnetConfig,
};
pub use error::BcError;
pub use evaluate::{evaluate, predict};
pub use family::PolicyKind;
pub use fit::{ActionFit, regression_fit};
pub use image::{Augmentation, ImageConfig, ImagePolicy};
pub use mlp::Mlp;
pub use nn_kit::{HubFile, RESNET18_IMAGENET};
pub use obs_source::{ObsSource, track_episodes, track_states};
pub use policy::BcPolicy;
pub use resnet::{BasicBlock, Norm, NormKind, ResNet18, ResNet18Config};
pub use sections::PolicySection;
pub use tracked::{TrackedConfig, TrackedPolicy};
