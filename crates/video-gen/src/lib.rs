#![doc = include_str!("../README.md")]

mod adapters;
mod frame_size;
mod kinds;
pub mod pictures;
mod pixel;
mod planned;
mod prompt;

pub use adapters::{AdapterRecord, CosmosVideo, LtxSettings, LtxVideo};
pub use frame_size::{FrameSize, FrameSizeError};
pub use kinds::{
    ClipLengths, CosmosOptions, LoadOptions, LoadedModel, LtxOptions, ModelError, ModelInfo, ModelOptions, ModelSpec,
    ObjectOptions, PixelOptions, SamplingOptions, WeightFormat,
};
pub use object_latent::{
    ContactMeasures, NoisyClips, ObjectLatent, ObjectLatentConfig, ObjectLatentModel, Scales, StateRequest,
    TrainSettings, TrainedOn, VideoGenError,
};
pub use pixel::{PixelVideo, PixelVideoError, PixelVideoSettings, WorldTraining};
pub use planned::{EndDistance, PathFlow, PathNetConfig, PathTrainSettings, PlanSettings, PlannedClip, PlannedVideo};
pub use prompt::{Side, default_negative_prompt, default_prompt};
