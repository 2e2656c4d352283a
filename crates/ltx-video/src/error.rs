//! What can be wrong with the model, its files and what is asked of it.

use std::path::PathBuf;

use diffusion_schedulers::FlowError;
use nn_kit::CheckpointError;
use nn_kit::memory::MemoryError;
use nn_kit::settings::SettingsError;

/// Why there is no model, or no clip.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A setting that cannot be.
    #[error("{setting} is {found}; expected {expected}")]
    Config {
        /// Its name.
        setting: &'static str,
        /// Its value.
        found: String,
        /// What it should be.
        expected: String,
    },
    /// Another version than asked for.
    #[error(
        "{path:?} holds the autoencoder of LTX-Video {found}, but {asked} was asked for; ask for {found}, or take another file"
    )]
    Version {
        /// The file.
        path: PathBuf,
        /// The version in the file.
        found: &'static str,
        /// The version asked for.
        asked: &'static str,
    },
    /// A settings file.
    #[error(transparent)]
    Settings(#[from] SettingsError),
    /// More memory than there may be.
    #[error(transparent)]
    Memory(#[from] MemoryError),
    /// Numbers that are not finite came out.
    #[error("the model gave {what} that are not finite; the weights are damaged or of another model")]
    NotFinite {
        /// Latents or pixels.
        what: &'static str,
    },
    /// The schedule.
    #[error(transparent)]
    Schedule(#[from] FlowError),
    /// The prompt.
    #[error(transparent)]
    Text(#[from] t5_encoder::Error),
    /// The weights.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
}
