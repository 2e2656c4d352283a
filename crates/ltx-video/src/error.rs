//! Errors of the model, its files and its requests.

use std::path::PathBuf;

use diffusion_schedulers::FlowError;
use nn_kit::CheckpointError;
use nn_kit::memory::MemoryError;
use nn_kit::settings::SettingsError;

/// Errors of loading, training and sampling LTX-Video.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// An invalid setting.
    #[error("{setting} is {found}; expected {expected}")]
    Config {
        /// Name of the setting.
        setting: &'static str,
        /// Its value.
        found: String,
        /// Description of the valid values.
        expected: String,
    },
    /// Files of another version than requested.
    #[error(
        "{path:?} holds the autoencoder of LTX-Video {found}, but {asked} was asked for; ask for {found}, or take another file"
    )]
    Version {
        /// Path of the file.
        path: PathBuf,
        /// Version of the file.
        found: &'static str,
        /// Version requested.
        asked: &'static str,
    },
    /// An error of a configuration file.
    #[error(transparent)]
    Settings(#[from] SettingsError),
    /// More memory is needed than is available.
    #[error(transparent)]
    Memory(#[from] MemoryError),
    /// The model returned numbers that are not finite.
    #[error("the model gave {what} that are not finite; the weights are damaged or of another model")]
    NotFinite {
        /// "latents" or "pixels".
        what: &'static str,
    },
    /// An error of the schedule.
    #[error(transparent)]
    Schedule(#[from] FlowError),
    /// An error of the text encoder.
    #[error(transparent)]
    Text(#[from] t5_encoder::Error),
    /// An error of the weight files.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
}
