//! Work as a graph of stages, each stored in its own folder.

mod folder;
mod runner;
mod selection;

use std::fmt;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

pub use folder::Origin;
pub use runner::{Runner, StageRecord};
pub use selection::Selection;

use crate::{Cancelled, Hasher, JobContext};

/// One stage of a graph: a value with its settings and the outputs of earlier stages that it needs.
///
/// [`Runner::run`] calls [`run`](Self::run) if the stage is not finished yet, and [`load`](Self::load) in any case, so
/// that a stage gives the same output whether this or an earlier process ran it.
///
/// ```
/// use std::path::Path;
/// use pusht_jobs::{Done, JobContext, Key, Runner, Stage, StageError, write_json};
///
/// struct Numbers {
///     count: u32,
/// }
///
/// struct Sum<'a> {
///     numbers: &'a Done<Vec<u32>>,
/// }
///
/// impl Stage for Numbers {
///     type Output = Vec<u32>;
///     type Error = StageError;
///
///     fn name(&self) -> String {
///         "numbers".into()
///     }
///     fn inputs(&self) -> impl serde::Serialize {
///         self.count
///     }
///     fn run(&self, dir: &Path, _: &mut JobContext) -> Result<(), StageError> {
///         let numbers: Vec<u32> = (0..self.count).collect();
///         write_json(dir.join("numbers.json"), &numbers).map_err(StageError::io(dir))
///     }
///     fn load(&self, dir: &Path, _: &mut JobContext) -> Result<Vec<u32>, StageError> {
///         let text = std::fs::read(dir.join("numbers.json")).map_err(StageError::io(dir))?;
///         serde_json::from_slice(&text).map_err(|e| StageError::io(dir)(e.into()))
///     }
/// }
///
/// impl Stage for Sum<'_> {
///     type Output = u32;
///     type Error = StageError;
///
///     fn name(&self) -> String {
///         "sum".into()
///     }
///     fn inputs(&self) -> impl serde::Serialize {
///         &self.numbers.key
///     }
///     fn run(&self, dir: &Path, _: &mut JobContext) -> Result<(), StageError> {
///         let sum: u32 = self.numbers.output.iter().sum();
///         std::fs::write(dir.join("sum"), sum.to_string()).map_err(StageError::io(dir))
///     }
///     fn load(&self, dir: &Path, _: &mut JobContext) -> Result<u32, StageError> {
///         let text = std::fs::read_to_string(dir.join("sum")).map_err(StageError::io(dir))?;
///         text.parse().map_err(|e| StageError::io(dir)(std::io::Error::other(e)))
///     }
/// }
///
/// let root = tempfile::tempdir()?;
/// let mut ctx = JobContext::silent();
/// let mut runner = Runner::new(root.path(), "1");
/// let numbers = runner.run(&Numbers { count: 5 }, &mut ctx)?;
/// let sum = runner.run(&Sum { numbers: &numbers }, &mut ctx)?;
/// assert_eq!(sum.output, 10);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub trait Stage {
    /// Data for later stages.
    type Output;
    /// Error type.
    type Error: From<StageError>;

    /// Path of its folder below the root of the run; `/` forms a group of stages, such as `policies/a` and
    /// `policies/b`.
    fn name(&self) -> String;

    /// Everything on which its files depend: settings, and the [`Key`]s of earlier stages. A stage is finished if its
    /// folder was made from the same inputs.
    fn inputs(&self) -> impl Serialize;

    /// Writes its files into `dir`. After an interruption, `dir` contains what the earlier process left.
    ///
    /// # Errors
    /// Those of the stage. The content of `dir` is kept for the next attempt.
    fn run(&self, dir: &Path, ctx: &mut JobContext) -> Result<(), Self::Error>;

    /// Reads the files of a finished stage.
    ///
    /// # Errors
    /// Those of the stage.
    fn load(&self, dir: &Path, ctx: &mut JobContext) -> Result<Self::Output, Self::Error>;
}

/// A finished stage.
#[derive(Clone, Debug)]
pub struct Done<T> {
    /// The stage's name.
    pub name: String,
    /// Its folder.
    pub dir: PathBuf,
    /// Key of its inputs.
    pub key: Key,
    /// Data for later stages.
    pub output: T,
}

impl<T> Done<T> {
    /// Converts the output.
    pub fn map<U>(self, view: impl FnOnce(T) -> U) -> Done<U> {
        Done {
            name: self.name,
            dir: self.dir,
            key: self.key,
            output: view(self.output),
        }
    }
}

/// Hash of all inputs of a stage. As an input of another stage it stands for everything before it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Key(String);

impl Key {
    /// The key of something outside the graph, such as the hash of a dataset.
    pub fn external(hash: impl Into<String>) -> Self {
        Self(hash.into())
    }

    /// SHA-256 of `version`, name and inputs as compact JSON.
    fn of(version: &str, name: &str, inputs: &impl Serialize) -> Result<Self, StageError> {
        let text = serde_json::to_vec(inputs).map_err(|e| StageError::Inputs {
            stage: name.to_owned(),
            reason: e.to_string(),
        })?;
        let mut hasher = Hasher::new();
        hasher.bytes(version).bytes(name).bytes(text);
        Ok(Self(hasher.finish()))
    }

    /// The hash.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Errors of running a stage, apart from its own.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StageError {
    /// Reading or writing failed.
    #[error("{path}: {source}; check the path, the free space and the permissions, then run the same command again", path = path.display())]
    Io {
        /// The path.
        path: PathBuf,
        /// The cause.
        source: std::io::Error,
    },
    /// Inputs that cannot be JSON.
    #[error("stage `{stage}`: its settings cannot be written as JSON ({reason})")]
    Inputs {
        /// The stage.
        stage: String,
        /// What is wrong.
        reason: String,
    },
    /// A folder that was not made by a stage.
    #[error(
        "{path} is in the place of a stage's folder and has no readable stage.json, so it was not made by this version or \
         not by this program; move it away or choose another folder for the run", path = path.display()
    )]
    NotAStage {
        /// The folder.
        path: PathBuf,
    },
    /// A stage that [`Selection::Only`] needs but that is not finished.
    #[error("`{needed_by}` alone needs the stage `{stage}`, which {state}; run up to it first (--until {group})")]
    Missing {
        /// The stage that is not finished.
        stage: String,
        /// Its group.
        group: String,
        /// The selected stage.
        needed_by: String,
        /// State of its folder.
        state: &'static str,
    },
    /// A selected stage that does not exist.
    #[error("there is no stage `{found}`; the stages are, in their order: {known}")]
    Unknown {
        /// The name.
        found: String,
        /// The existing stages.
        known: String,
    },
    /// The selection is finished: not a failure, but the end of the requested work.
    #[error("finished up to `{stage}`, as selected")]
    Selected {
        /// The selected stage.
        stage: String,
    },
    /// The job was cancelled.
    #[error(transparent)]
    Cancelled(#[from] Cancelled),
}

impl StageError {
    /// Adds the path to an I/O error.
    pub fn io(path: &Path) -> impl Fn(std::io::Error) -> Self + '_ {
        move |source| Self::Io {
            path: path.to_path_buf(),
            source,
        }
    }
}
