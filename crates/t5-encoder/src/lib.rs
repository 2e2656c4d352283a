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
pub use error::Error;
pub use int8::Int8Encoder;
pub use t5::{Activation, Config, Encoder, shapes};
pub use tokenizer::{PromptTokens, Tokenizer};
