//! The object-latent diffusion transformer: it generates the states of agent and T, which the environment's renderer
//! draws.
//!
//! It is not a pixel model: its limits, formulas and measured quality are in `docs/video-models.md`.
//!
#![doc = include_str!("../README.md")]

mod clips;
mod condition;
mod contact;
mod error;
mod geometry;
mod head;
mod latent;
mod model;
mod net;
mod outline;
mod sample;
mod source;
mod states;
mod train;

pub use contact::ContactMeasures;
pub use error::VideoGenError;
pub use geometry::center;
pub use model::{ObjectLatentModel, TrainedOn};
pub use net::{NoisyClips, ObjectLatent, ObjectLatentConfig, Scales};
pub use sample::StateRequest;
pub use states::episode_states;
pub use train::TrainSettings;
