//! The result of a command.

use serde::Serialize;
use serde_json::Value;

/// The result of a command: text for people, JSON for programs.
#[derive(Debug, Default)]
pub(crate) struct Outcome {
    pub(crate) text: String,
    pub(crate) json: Value,
    /// Serialized JSON, written unchanged in place of `json`: a file that other commands read.
    pub(crate) json_text: Option<String>,
    /// The command completed, but a check failed: exit status 3.
    pub(crate) failed: bool,
}

impl Outcome {
    /// # Errors
    /// A value that cannot be serialized.
    pub(crate) fn new(text: impl Into<String>, json: &impl Serialize) -> serde_json::Result<Self> {
        Ok(Self {
            text: text.into(),
            json: serde_json::to_value(json)?,
            json_text: None,
            failed: false,
        })
    }

    /// A result whose JSON is already serialized and is written byte for byte.
    pub(crate) fn of_json_text(text: impl Into<String>, json: String) -> Self {
        Self {
            text: text.into(),
            json_text: Some(json),
            ..Self::default()
        }
    }

    /// Sets whether a check failed.
    #[must_use]
    pub(crate) fn failed_if(self, failed: bool) -> Self {
        Self { failed, ..self }
    }
}
