//! Errors of the model, its files and its input.

use std::path::PathBuf;

use diffusion_schedulers::EdmError;
use nn_kit::CheckpointError;
use nn_kit::memory::MemoryError;
use nn_kit::settings::SettingsError;

/// Errors of loading, training and sampling Cosmos-Predict1.
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
    /// Input of a wrong shape.
    #[error("{what} has shape {found:?}; expected {expected:?}")]
    Shape {
        /// Name of the input.
        what: &'static str,
        /// Its shape.
        found: Vec<usize>,
        /// Expected shape.
        expected: Vec<usize>,
    },
    /// A number of frames, rows or columns that the model does not support.
    #[error("{found} {what} were asked for; expected {expected}")]
    Size {
        /// What the number counts, such as "frames".
        what: String,
        /// Requested number.
        found: usize,
        /// Description of the valid numbers.
        expected: String,
    },
    /// Conditioning frames for a model that takes none, or none for a model that needs them.
    #[error("{found}; {expected}")]
    Variant {
        /// Description of the request.
        found: &'static str,
        /// Description of the model.
        expected: &'static str,
    },
    /// More memory is needed than is available.
    #[error(transparent)]
    Memory(#[from] MemoryError),
    /// An error of a configuration file.
    #[error(transparent)]
    Settings(#[from] SettingsError),
    /// An invalid or missing model file.
    #[error("{path:?} cannot be read: {reason}")]
    File {
        /// Path of the file.
        path: PathBuf,
        /// What is wrong, and what was expected.
        reason: String,
    },
    /// The model returned numbers that are not finite.
    #[error("the model gave {what} that are not finite; the weights are damaged or of another model")]
    NotFinite {
        /// "latents" or "frames".
        what: &'static str,
    },
    /// An error of the schedule.
    #[error(transparent)]
    Schedule(#[from] EdmError),
    /// An error of the weight files.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
}

impl Error {
    /// Returns an error unless the shapes agree.
    pub(crate) fn unless_shape(what: &'static str, found: &[usize], expected: &[usize]) -> Result<(), Self> {
        if found == expected {
            return Ok(());
        }
        Err(Self::Shape {
            what,
            found: found.to_vec(),
            expected: expected.to_vec(),
        })
    }
}
