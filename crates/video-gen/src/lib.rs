#![doc = include_str!("../README.md")]

mod generation;
mod object;
pub mod pictures;
mod pixel;
mod prompt;
mod published;

pub use generation::{
    ClipEnds, ClipRecord, EndsOf, GENERATION_SCHEMA, Generation, GenerationError, GenerationJob, ModelChoice,
    OpenedModel, Part, Plan, Sampling, WeightFormat,
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
