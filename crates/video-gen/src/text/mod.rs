//! Prompts: tokens, and the T5 encoder that the published video models are conditioned on.

mod bias;
mod encoder;
mod error;
mod int8;
mod parity;
mod t5;
mod tokenizer;

pub use encoder::{TextEncoder, TextStates};
pub use error::TextError;
pub use int8::T5Int8;
pub(crate) use parity::RecordedT5;
pub use parity::TEXT_MODELS;
pub(crate) use t5::T5_NAMES;
pub use t5::{T5Activation, T5Config, T5Encoder, t5_shapes};
pub use tokenizer::{PromptTokens, T5Tokenizer};
