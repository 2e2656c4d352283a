//! Errors of tokenizing and encoding prompts.

use std::path::PathBuf;

use nn_kit::CheckpointError;
use nn_kit::settings::SettingsError;

/// Errors of loading the text encoder and encoding prompts.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// An empty prompt.
    #[error("the prompt is empty; say in a sentence what should happen")]
    Empty,
    /// A file that is not a T5 tokenizer.
    #[error("{path:?} is no tokenizer: {reason}; expected the tokenizer.json of a T5 model")]
    Tokenizer {
        /// Path of the file.
        path: PathBuf,
        /// Reason of the failure.
        reason: String,
    },
    /// A text that the tokenizer cannot process.
    #[error("the prompt cannot be cut into tokens: {reason}")]
    Prompt {
        /// Error of the tokenizer.
        reason: String,
    },
    /// A token without an embedding in the network.
    #[error("the tokenizer gave token {token}, but the encoder knows {vocabulary}; they are of different models")]
    Token {
        /// The token.
        token: u32,
        /// Number of tokens that the network knows.
        vocabulary: usize,
    },
    /// An invalid setting.
    #[error("{setting} of the text encoder is {found}; expected {expected}")]
    Config {
        /// Name of the setting.
        setting: &'static str,
        /// Its value.
        found: String,
        /// Description of the valid values.
        expected: &'static str,
    },
    /// An error of the configuration file.
    #[error(transparent)]
    Settings(#[from] SettingsError),
    /// An error of the weight files.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
}
