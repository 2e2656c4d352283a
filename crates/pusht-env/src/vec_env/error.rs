//! What a vectorized environment refuses.

use crate::EnvError;

/// Why a vectorized environment did not do what was asked. No environment has changed.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum VecEnvError {
    /// No environments, or no observations.
    #[error(
        "a vectorized environment needs at least 1 environment and a history of at least 1; got {envs} and {history}"
    )]
    Empty {
        /// Number of environments asked for.
        envs: usize,
        /// History asked for.
        history: usize,
    },
    /// One value for each environment was expected.
    #[error("expected one {what} for each of the {expected} environments, got {found}")]
    Length {
        /// What was handed in.
        what: &'static str,
        /// Number of environments.
        expected: usize,
        /// Number of values.
        found: usize,
    },
    /// No such environment.
    #[error("there is no environment {index} among {len}")]
    Index {
        /// What was asked for.
        index: usize,
        /// Number of environments.
        len: usize,
    },
    /// One environment refused.
    #[error("environment {env}: {source}")]
    Env {
        /// Its number.
        env: usize,
        /// Why.
        source: EnvError,
    },
}
