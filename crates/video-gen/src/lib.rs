//! Video models for PushT behind one trait, [`pusht_data::VideoModel`].
//!
//! [`ObjectLatentModel`] generates where agent and T are, frame by frame, and has the environment's renderer draw it.

mod ltx;
mod object;
mod text;

pub use ltx::{
    Coordinates, DownBlockType, DownsampleType, Draw, LTX_MODELS, LtxConfig, LtxError, LtxInput, LtxLayout, LtxLora,
    LtxTransformer, LtxVae, LtxVaeConfig, LtxVersion, Posterior, Rotary, Timesteps, ltx_shapes, ltx_vae_shapes,
};
pub use object::{
    ContactMeasures, NoisyClips, ObjectLatent, ObjectLatentConfig, ObjectLatentModel, Scales, StateRequest,
    TrainSettings, TrainedOn, VideoGenError,
};
pub use text::{
    PromptTokens, T5Activation, T5Config, T5Encoder, T5Tokenizer, TEXT_MODELS, TextEncoder, TextError, TextStates,
    t5_shapes,
};
