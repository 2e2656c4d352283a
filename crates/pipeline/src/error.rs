//! Errors of an experiment.

use std::path::PathBuf;

use pusht_jobs::{Cancelled, SettingsError, StageError};

/// Errors of an experiment. Messages state what was expected, what was found and what to do.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PipelineError {
    /// The preset does not exist.
    #[error("unknown preset `{name}`; the presets are {known}")]
    UnknownPreset {
        /// The given name.
        name: String,
        /// The available presets.
        known: String,
    },
    /// A configuration cannot be read, or has an unknown key or a value of the wrong kind.
    #[error("{origin}: {reason}")]
    Config {
        /// The file or the `--set` option with the error.
        origin: String,
        /// The error, and what was expected.
        reason: String,
    },
    /// A file or folder cannot be read or written.
    #[error(
        "{path}: {source}; check the path, the free space and the permissions, then run the same command again: finished stages are kept"
    )]
    Io {
        /// Path of the file or folder.
        path: PathBuf,
        /// Error of the operating system.
        source: std::io::Error,
    },
    /// A folder is not a finished run.
    #[error("{path}: {reason}")]
    NotARun {
        /// The folder.
        path: PathBuf,
        /// What is missing or invalid.
        reason: String,
    },
    /// A finished run with other settings would be replaced.
    #[error(
        "{run} holds a finished run with other settings (there `{there}`, here `{here}`); choose another --out, or give \
         --overwrite to make anew what the settings change"
    )]
    OtherSettings {
        /// The folder.
        run: PathBuf,
        /// First line of the run's settings that differs.
        there: String,
        /// The same line of the given settings.
        here: String,
    },
    /// The run was stopped by Ctrl-C.
    #[error("stopped; everything finished is kept in {run}: run the same command again to go on")]
    Interrupted {
        /// The run's folder.
        run: PathBuf,
    },
    /// A stage failed.
    #[error("stage `{stage}`: {reason}")]
    Stage {
        /// Name of the stage.
        stage: String,
        /// The library's error.
        reason: String,
    },
    /// A stage or a part of the graph cannot be run.
    #[error(transparent)]
    Graph(StageError),
}

impl From<StageError> for PipelineError {
    fn from(error: StageError) -> Self {
        match error {
            StageError::Io { path, source } => Self::Io { path, source },
            other => Self::Graph(other),
        }
    }
}

impl From<SettingsError> for PipelineError {
    fn from(SettingsError { origin, reason, .. }: SettingsError) -> Self {
        Self::Config { origin, reason }
    }
}

impl From<Cancelled> for PipelineError {
    fn from(cancelled: Cancelled) -> Self {
        Self::Graph(cancelled.into())
    }
}

/// Adds the name of the stage to a library's error.
pub(crate) fn failed(stage: &str) -> impl Fn(&dyn std::fmt::Display) -> PipelineError + use<> {
    let stage = stage.to_owned();
    move |error| PipelineError::Stage {
        stage: stage.clone(),
        reason: error.to_string(),
    }
}
