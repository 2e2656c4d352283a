//! Errors of a vectorized environment.

use crate::EnvError;

/// Errors of a vectorized environment. No environment has changed after an error.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum VecEnvError {
    /// No environments, or a history of 0.
    #[error(
        "a vectorized environment needs at least 1 environment and a history of at least 1; got {envs} and {history}"
    )]
    Empty {
        /// Requested number of environments.
        envs: usize,
        /// Requested history.
        history: usize,
    },
    /// The number of values differs from the number of environments.
    #[error("expected one {what} for each of the {expected} environments, got {found}")]
    Length {
        /// Kind of value.
        what: &'static str,
        /// Number of environments.
        expected: usize,
        /// Number of values.
        found: usize,
    },
    /// An index out of range.
    #[error("there is no environment {index} among {len}")]
    Index {
        /// The index.
        index: usize,
        /// Number of environments.
        len: usize,
    },
    /// An error of one environment.
    #[error("environment {env}: {source}")]
    Env {
        /// Id of the environment.
        env: usize,
        /// The error.
        source: EnvError,
    },
}
