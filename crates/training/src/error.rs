//! Errors of training.

use std::path::{Path, PathBuf};

use crate::ObjectiveError;

/// Errors of devices, training runs and checkpoints.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TrainingError {
    /// An unknown device name.
    #[error(
        "unknown device {name:?}; expected cpu, cuda, cuda:N (N a number), wgpu, auto, or for training cuda:0,1 (several \
         GPUs)"
    )]
    UnknownDevice {
        /// The name.
        name: String,
    },
    /// Several GPUs where one is needed.
    #[error("{name} names several GPUs, which only train one model together; name one")]
    SeveralDevices {
        /// The names.
        name: String,
    },
    /// The backend is not in this binary.
    #[error(
        "this binary was built without the {backend} backend; rebuild with --features {backend}, or use --device cpu"
    )]
    NotCompiledIn {
        /// The feature that adds the backend.
        backend: &'static str,
    },
    /// The backend is in this binary, but the machine cannot run it.
    #[error("the device {name} does not start: {reason}; use --device cpu, or repair that")]
    DeviceUnavailable {
        /// Name of the device.
        name: String,
        /// What is missing.
        reason: String,
    },
    /// A setting outside its range.
    #[error("{setting} is {found}; expected {expected}")]
    Config {
        /// Name of the setting.
        setting: &'static str,
        /// The value.
        found: String,
        /// The allowed values.
        expected: &'static str,
    },
    /// No rows for training.
    #[error("there is no training data: the training part has no rows; give at least one episode for training")]
    NoData,
    /// An empty list of devices.
    #[error("the list of devices is empty; name at least one, or leave it out to train on the CPU")]
    NoDevices,
    /// Settings that cannot be recorded.
    #[error("the model's settings cannot be written as JSON: {reason}")]
    Settings {
        /// What is wrong.
        reason: String,
    },
    /// No training items.
    #[error("there are no training items; hand in at least one episode that is long enough for the model's window")]
    NoItems,
    /// A batch of more items than there are.
    #[error("batch_size is {batch_size}, but there are only {items} training items; make it smaller")]
    LargeBatch {
        /// The batch size.
        batch_size: usize,
        /// Number of items.
        items: usize,
    },
    /// A layer whose random draws other threads would disturb.
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
    /// The loss or a weight is NaN or infinite.
    #[error("{what} at step {step}; lower the learning rate, clip the gradient or look for NaN in the data{kept}")]
    Diverged {
        /// Steps done before detection.
        step: usize,
        /// The loss and its value, or the name of the weights.
        what: String,
        /// Location of the last good checkpoint, as the end of the sentence.
        kept: String,
    },
    /// Stopped through the [`pusht_jobs::CancelFlag`].
    #[error("stopped at step {step} of {total}; {kept}")]
    Interrupted {
        /// Steps done.
        step: usize,
        /// Steps planned.
        total: usize,
        /// The state from which the next run will resume.
        kept: String,
    },
    /// Another run, of this or another process, uses the folder.
    #[error("another run is training into {folder:?}; wait for it, stop it, or choose another folder")]
    Busy {
        /// The folder of its checkpoints.
        folder: PathBuf,
    },
    /// A checkpoint that is damaged or invalid.
    #[error("the checkpoint file {path:?} cannot be used: {reason}; delete the folder {folder:?} to start anew")]
    Checkpoint {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
        /// The folder to delete.
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
    /// A checkpoint that does not say on which data its run was trained.
    #[error(
        "the checkpoint {path:?} does not record the data that its run was trained on, as checkpoints of earlier \
         versions do not, so it cannot be resumed safely; delete the folder of checkpoints, train into another one, or \
         finish the run with the version that began it"
    )]
    UnknownInputs {
        /// Its manifest.
        path: PathBuf,
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
        /// The system's error.
        source: std::io::Error,
    },
}

impl TrainingError {
    /// Adds the action and the path to an I/O error.
    pub(crate) fn io(action: &'static str, path: &Path) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.to_path_buf();
        move |source| Self::Io { action, path, source }
    }
}
