#![doc = include_str!("../README.md")]

mod frame_size;
mod models;
mod object;
pub mod pictures;
mod pixel;
mod prompt;
mod published;

pub use frame_size::{FrameSize, FrameSizeError};
pub use models::{
    ClipLengths, CosmosOptions, LoadOptions, LoadedModel, LtxOptions, ModelError, ModelInfo, ModelOptions, ModelSpec,
    ObjectOptions, PixelOptions, SamplingOptions, WeightFormat,
};
pub use object::{
    ContactMeasures, NoisyClips, ObjectLatent, ObjectLatentConfig, ObjectLatentModel, Scales, StateRequest,
    TrainSettings, TrainedOn, VideoGenError,
};
pub use pixel::{
    Caption, CodecLoss, PatchCodec, PatchCodecConfig, PixelConfig, PixelError, PixelModel, PixelRequest,
    PixelTrainSettings,
};
pub use prompt::{Side, default_negative_prompt, default_prompt};
pub use published::{AdapterRecord, CosmosVideo, LtxSettings, LtxVideo};
