//! The object-latent diffusion transformer: where agent and T are, frame by frame, drawn by the environment's renderer.
//!
//! It is not a pixel model: what it can and cannot show, its formulas and its measured quality are in
//! `docs/video-models.md`.

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
pub(crate) use geometry::center;
pub use model::{ObjectLatentModel, TrainedOn};
pub use net::{NoisyClips, ObjectLatent, ObjectLatentConfig, Scales};
pub use sample::StateRequest;
pub(crate) use states::episode_states;
pub use train::TrainSettings;
