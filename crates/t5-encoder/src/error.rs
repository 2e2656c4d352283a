//! What can be wrong with a prompt and with what encodes it.

use std::path::PathBuf;

use nn_kit::CheckpointError;
use nn_kit::settings::SettingsError;

/// Why a prompt cannot be encoded.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Nothing to follow.
    #[error("the prompt is empty; say in a sentence what should happen")]
    Empty,
    /// No tokenizer.
    #[error("{path:?} is no tokenizer: {reason}; expected the tokenizer.json of a T5 model")]
    Tokenizer {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// The tokenizer failed on a text.
    #[error("the prompt cannot be cut into tokens: {reason}")]
    Prompt {
        /// What it says.
        reason: String,
    },
    /// A token that the encoder has no embedding for.
    #[error("the tokenizer gave token {token}, but the encoder knows {vocabulary}; they are of different models")]
    Token {
        /// The token.
        token: u32,
        /// Tokens of the encoder.
        vocabulary: usize,
    },
    /// A size that cannot be.
    #[error("{setting} of the text encoder is {found}; expected {expected}")]
    Config {
        /// Its name.
        setting: &'static str,
        /// Its value.
        found: String,
        /// What it should be.
        expected: &'static str,
    },
    /// The settings file.
    #[error(transparent)]
    Settings(#[from] SettingsError),
    /// The weights.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
}
