//! Episodes of PushT: sources, conversion, splits, normalization, augmentation, and the traits of inverse dynamics and
//! video models, which use frames and actions, not tensors.
//!
#![doc = include_str!("../README.md")]

mod atomic;
mod augment;
mod batch;
#[cfg(all(feature = "lerobot", feature = "zarr"))]
mod convert;
mod episode;
mod error;
mod inverse_dynamics;
#[cfg(feature = "lerobot")]
mod lerobot;
mod normalize;
mod simulated;
mod source;
mod split;
mod trajectories;
mod video_model;
mod world_model;
#[cfg(feature = "zarr")]
mod zarr;

pub use augment::{FrameTransform, NotSquare, Transform};
pub use batch::{Batch, Loader, LoaderError};
#[cfg(all(feature = "lerobot", feature = "zarr"))]
pub use convert::{Conversion, Converted, DataLayout, UnknownDataLayout};
pub use episode::{Episode, EpisodeError, Provenance};
pub use error::DataError;
pub use inverse_dynamics::{IdmError, InverseDynamics, Labels};
#[cfg(feature = "lerobot")]
pub use lerobot::{LeRobotSet, write_lerobot};
pub use normalize::{ActionNorm, FrameNorm};
pub use simulated::{
    Demonstrations, Difference, Interventions, SeededTrajectory, SimulatedSet, SimulatedSetSummary, Simulation,
    SimulationPlan, Start, demonstrate, demonstrate_part,
};
pub use source::{Source, SourceOptions, open, open_with};
pub use split::{FrameRef, Split, SplitError, SplitProtocol};
pub use trajectories::Trajectories;
pub use video_model::{ClipEnd, VideoClip, VideoModel, VideoModelError, VideoRequest};
pub use world_model::{History, WorldModel, WorldModelError};
#[cfg(feature = "zarr")]
pub use zarr::{ReplayBuffer, write_replay_buffer};
