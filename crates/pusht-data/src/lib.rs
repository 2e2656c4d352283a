//! Episodes of PushT: sources, conversion, splits, normalisation, augmentation, and the traits of inverse dynamics and
//! video models, which speak of frames and actions, not tensors.
//!
#![doc = include_str!("../README.md")]

mod atomic;
mod augment;
mod batch;
mod episode;
mod error;
mod inverse_dynamics;
#[cfg(feature = "lerobot")]
mod lerobot;
mod normalise;
mod simulated;
mod source;
mod split;
mod video_model;
#[cfg(feature = "zarr")]
mod zarr;

pub use augment::{FrameTransform, NotSquare, Transform};
pub use batch::{Batch, Loader, LoaderError};
pub use episode::{Episode, EpisodeError, Provenance};
pub use error::DataError;
pub use inverse_dynamics::{IdmError, InverseDynamics, Labels};
#[cfg(feature = "lerobot")]
pub use lerobot::{LeRobotSet, write_lerobot};
pub use normalise::{ActionNorm, FrameNorm};
pub use simulated::{
    Demonstrations, Difference, Plan, Recipe, SimulatedSet, Simulation, Start, demonstrate, demonstrate_part,
};
pub use source::{Source, open};
pub use split::{FrameRef, Split, SplitError, SplitProtocol};
pub use video_model::{VideoError, VideoModel, VideoRequest};
#[cfg(feature = "zarr")]
pub use zarr::{ReplayBuffer, write_replay_buffer};
