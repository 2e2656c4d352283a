//! Episodes of PushT: sources, conversion, splits, normalisation, augmentation, and the traits of inverse dynamics and
//! video models, which speak of frames and actions, not tensors.

mod episode;
mod error;
mod inverse_dynamics;
mod video_model;
#[cfg(feature = "zarr")]
mod zarr;

pub use episode::{Episode, EpisodeError, Provenance};
pub use error::DataError;
pub use inverse_dynamics::{IdmError, InverseDynamics, Labels};
pub use video_model::{VideoError, VideoModel, VideoRequest};
#[cfg(feature = "zarr")]
pub use zarr::ReplayBuffer;
