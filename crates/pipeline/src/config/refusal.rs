//! How settings are refused.

use crate::PipelineError;

/// A setting that makes no experiment.
pub(super) fn wrong<T>(key: &str, reason: &str) -> Result<T, PipelineError> {
    Err(PipelineError::Config {
        origin: key.to_owned(),
        reason: reason.to_owned(),
    })
}
