//! Errors of a vectorized environment.

use crate::{EnvError, Modality, RenderError};

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
    /// Arrays for another kind of observation, or of another size.
    #[error(
        "the arrays do not fit {envs} observations of the kind {modality:?}: {what} needs {expected} numbers, got {found}"
    )]
    Arrays {
        /// Number of environments.
        envs: usize,
        /// Kind of observation.
        modality: Modality,
        /// The array that does not fit.
        what: &'static str,
        /// Numbers needed.
        expected: usize,
        /// Numbers found.
        found: usize,
    },
    /// Images of a size that cannot be rendered.
    #[error(transparent)]
    Render(#[from] RenderError),
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
