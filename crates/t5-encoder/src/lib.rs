#![doc = include_str!("../README.md")]

mod bias;
mod encoder;
mod error;
mod int8;
#[cfg(feature = "parity")]
pub mod parity;
mod t5;
mod tokenizer;

pub use encoder::{TextEncoder, TextStates};
pub use error::TextError;
pub use int8::T5Int8;
pub use t5::{T5Activation, T5Config, T5Encoder, t5_shapes};
pub use tokenizer::{PromptTokens, T5Tokenizer};
