//! What can be wrong with a model, its files and its input.

use std::path::PathBuf;

use diffusion_schedulers::EdmError;
use nn_kit::CheckpointError;
use nn_kit::memory::MemoryError;
use nn_kit::settings::SettingsError;

/// Why there is no model, or no clip.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A setting of a configuration that cannot be.
    #[error("{setting} is {found}; expected {expected}")]
    Config {
        /// Its name.
        setting: &'static str,
        /// Its value.
        found: String,
        /// What it should be.
        expected: String,
    },
    /// Input of another shape.
    #[error("{what} has shape {found:?}; expected {expected:?}")]
    Shape {
        /// Which input.
        what: &'static str,
        /// Its shape.
        found: Vec<usize>,
        /// The shape that fits.
        expected: Vec<usize>,
    },
    /// A number of frames, rows or columns that the model cannot make.
    #[error("{found} {what} were asked for; expected {expected}")]
    Size {
        /// Frames, rows or columns, and of what.
        what: String,
        /// How many.
        found: usize,
        /// What fits.
        expected: String,
    },
    /// Condition frames for a model that takes none, or none for one that needs them.
    #[error("{found}; {expected}")]
    Variant {
        /// What was asked.
        found: &'static str,
        /// What the model is.
        expected: &'static str,
    },
    /// More memory than there may be.
    #[error(transparent)]
    Memory(#[from] MemoryError),
    /// A settings file.
    #[error(transparent)]
    Settings(#[from] SettingsError),
    /// A file that is not what it should be.
    #[error("{path:?} cannot be read: {reason}")]
    File {
        /// The file.
        path: PathBuf,
        /// What is wrong, and what was expected.
        reason: String,
    },
    /// Numbers that are not finite came out.
    #[error("the model gave {what} that are not finite; the weights are damaged or of another model")]
    NotFinite {
        /// Latents or frames.
        what: &'static str,
    },
    /// The schedule.
    #[error(transparent)]
    Schedule(#[from] EdmError),
    /// The weights.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
}

impl Error {
    /// An error unless the shapes agree.
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
