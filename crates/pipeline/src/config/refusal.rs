//! Errors of settings.

use crate::PipelineError;

/// Makes the error for an invalid setting.
pub(super) fn wrong<T>(key: &str, reason: &str) -> Result<T, PipelineError> {
    Err(PipelineError::Config {
        origin: key.to_owned(),
        reason: reason.to_owned(),
    })
}
