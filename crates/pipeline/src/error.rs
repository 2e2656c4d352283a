//! Why an experiment did not finish.

use std::path::PathBuf;

use pusht_jobs::{Cancelled, SettingsError, StageError};

/// Each text says what was expected, what was found and what to do.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PipelineError {
    /// No such preset.
    #[error("unknown preset `{name}`; the presets are {known}")]
    UnknownPreset {
        /// What was asked for.
        name: String,
        /// What there is.
        known: String,
    },
    /// A configuration that cannot be read, with an unknown key or a value of the wrong kind.
    #[error("{origin}: {reason}")]
    Config {
        /// The file, or the `--set` that is wrong.
        origin: String,
        /// What is wrong, and what was expected.
        reason: String,
    },
    /// A file or folder.
    #[error(
        "{path}: {source}; check the path, the free space and the permissions, then run the same command again: finished stages are kept"
    )]
    Io {
        /// Where.
        path: PathBuf,
        /// The operating system's own words.
        source: std::io::Error,
    },
    /// A folder that is not a finished run.
    #[error("{path}: {reason}")]
    NotARun {
        /// The folder.
        path: PathBuf,
        /// What is missing.
        reason: String,
    },
    /// A finished run that would be replaced.
    #[error(
        "{run} holds a finished run with other settings (there `{there}`, here `{here}`); choose another --out, or give \
         --overwrite to make anew what the settings change"
    )]
    OtherSettings {
        /// The folder.
        run: PathBuf,
        /// The first line that differs, as it is there.
        there: String,
        /// The same as it was asked for.
        here: String,
    },
    /// Ctrl-C.
    #[error("stopped; everything finished is kept in {run}: run the same command again to go on")]
    Interrupted {
        /// The run's folder.
        run: PathBuf,
    },
    /// A stage that failed.
    #[error("stage `{stage}`: {reason}")]
    Stage {
        /// Its name.
        stage: String,
        /// The library's error.
        reason: String,
    },
    /// A stage that cannot be run, or a part of the graph that cannot be run alone.
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

/// Names the stage in a library's error.
pub(crate) fn failed(stage: &str) -> impl Fn(&dyn std::fmt::Display) -> PipelineError + use<> {
    let stage = stage.to_owned();
    move |error| PipelineError::Stage {
        stage: stage.clone(),
        reason: error.to_string(),
    }
}
