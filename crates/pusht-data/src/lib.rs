//! Episodes of PushT: sources, conversion, splits, normalisation, augmentation, and the traits of inverse dynamics and
//! video models, which speak of frames and actions, not tensors.

mod episode;
mod inverse_dynamics;
mod video_model;

pub use episode::{Episode, EpisodeError, Provenance};
pub use inverse_dynamics::{IdmError, InverseDynamics, Labels};
pub use video_model::{VideoError, VideoModel, VideoRequest};
