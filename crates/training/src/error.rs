//! What can go wrong in training.

use std::path::{Path, PathBuf};

use crate::ObjectiveError;

/// Why there is no device, no trained model or no checkpoint.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TrainingError {
    /// A device name nobody knows.
    #[error(
        "unknown device {name:?}; expected cpu, cuda, cuda:N (N a number), wgpu, or for training cuda:0,1 (several GPUs)"
    )]
    UnknownDevice {
        /// As given.
        name: String,
    },
    /// Several GPUs where one is needed.
    #[error("{name} names several GPUs, which only train one model together; name one")]
    SeveralDevices {
        /// As given.
        name: String,
    },
    /// The backend is not in this binary.
    #[error(
        "this binary was built without the {backend} backend; rebuild with --features {backend}, or use --device cpu"
    )]
    NotCompiledIn {
        /// The feature that adds it.
        backend: &'static str,
    },
    /// The backend is in this binary but the machine cannot run it.
    #[error("the device {name} does not start: {reason}; use --device cpu, or repair that")]
    DeviceUnavailable {
        /// As given.
        name: String,
        /// What is missing.
        reason: String,
    },
    /// A setting out of its range.
    #[error("{setting} is {found}; expected {expected}")]
    Config {
        /// Name of the setting.
        setting: &'static str,
        /// As given.
        found: String,
        /// What is allowed.
        expected: &'static str,
    },
    /// Nothing to learn from.
    #[error("there are no training items; hand in at least one episode that is long enough for the model's window")]
    NoItems,
    /// A batch of more items than there are.
    #[error("batch_size is {batch_size}, but there are only {items} training items; make it smaller")]
    LargeBatch {
        /// As given.
        batch_size: usize,
        /// What there is.
        items: usize,
    },
    /// A layer whose draws other threads would disturb.
    #[error(
        "the layer {layer:?} is Burn's dropout, which draws from one generator for the whole process, so that runs side \
         by side would change each other; remove it, or draw in the objective from the seed it is handed"
    )]
    SharedGenerator {
        /// Its path in the model.
        layer: String,
    },
    /// The objective failed.
    #[error("{at}: {source}")]
    Objective {
        /// Step or validation, with its number.
        at: String,
        /// The objective's own error.
        source: ObjectiveError,
    },
    /// The loss is NaN or infinite, or a weight is.
    #[error("{what} at step {step}; lower the learning rate, clip the gradient or look for NaN in the data{kept}")]
    Diverged {
        /// Steps done before it was seen.
        step: usize,
        /// The loss and its value, or the name of the weights.
        what: String,
        /// Where the last good checkpoint is, as the end of the sentence.
        kept: String,
    },
    /// Stopped through the [`pusht_jobs::CancelFlag`].
    #[error("stopped at step {step} of {total}; {kept}")]
    Interrupted {
        /// Steps done.
        step: usize,
        /// Steps asked for.
        total: usize,
        /// What the next run will go on from.
        kept: String,
    },
    /// Another run, of this or another process, trains there.
    #[error("another run is training into {folder:?}; wait for it, stop it, or choose another folder")]
    Busy {
        /// The folder of its checkpoints.
        folder: PathBuf,
    },
    /// A checkpoint that is damaged or not one.
    #[error("the checkpoint file {path:?} cannot be used: {reason}; delete the folder {folder:?} to start anew")]
    Checkpoint {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
        /// What to delete.
        folder: PathBuf,
    },
    /// A checkpoint of another run.
    #[error(
        "the checkpoint {path:?} belongs to another run ({difference}); delete the folder of checkpoints or train into \
         another one"
    )]
    ForeignCheckpoint {
        /// Its manifest.
        path: PathBuf,
        /// The first setting that differs, or the first digits of the hashes of both runs.
        difference: String,
    },
    /// A file where a folder should be.
    #[error("{path:?} is a file, expected a folder")]
    NotAFolder {
        /// The path.
        path: PathBuf,
    },
    /// Reading or writing failed.
    #[error("{action} {path:?} failed: {source}")]
    Io {
        /// `writing`, `reading`, …
        action: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
}

impl TrainingError {
    /// Wraps an I/O error with what was done to which path.
    pub(crate) fn io(action: &'static str, path: &Path) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.to_path_buf();
        move |source| Self::Io { action, path, source }
    }
}
