#![doc = include_str!("../README.md")]

mod frame_size;
mod generation;
mod models;
mod motion;
mod object;
pub mod pictures;
mod pixel;
mod prompt;
mod published;

pub use frame_size::{FrameSize, FrameSizeError};
pub use generation::{
    ClipEndpoints, ClipRecord, ClipReferences, Endpoint, EndpointSource, GENERATION_SCHEMA, Generation,
    GenerationError, GenerationJob, GenerationJobBuilder, Plan, ReferencedClip, SplitName, SplitNameError,
};
pub use models::{
    ClipLengths, CosmosOptions, LoadOptions, LoadedModel, LtxOptions, ModelInfo, ModelOptions, ModelSpec,
    ObjectOptions, PixelOptions, SamplingOptions, WeightFormat,
};
pub use motion::{MotionReport, MotionRow};
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
