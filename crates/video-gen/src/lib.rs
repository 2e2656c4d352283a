//! Video models for PushT behind one trait, [`pusht_data::VideoModel`].
//!
//! [`ObjectLatentModel`] generates where agent and T are, frame by frame, and has the environment's renderer draw it.

mod object;

pub use object::{
    ContactMeasures, NoisyClips, ObjectLatent, ObjectLatentConfig, ObjectLatentModel, Scales, StateRequest,
    TrainSettings, TrainedOn, VideoGenError,
};
