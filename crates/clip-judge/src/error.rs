//! Errors that end the whole job; a clip without an answer is no error.

use std::path::PathBuf;

/// Errors of judging clips.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum JudgeError {
    /// An address that is no endpoint.
    #[error(
        "the judge's address {url:?} {reason}; expected one such as http://localhost:8000/v1 or https://host/v1/chat/completions"
    )]
    Address {
        /// The address, without a password.
        url: String,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// A setting out of range.
    #[error("{setting} of the judge is {found}; expected {expected}")]
    Setting {
        /// The setting.
        setting: &'static str,
        /// The value passed.
        found: String,
        /// What is accepted.
        expected: &'static str,
    },
    /// The file of answers is something else.
    #[error(
        "{path:?} holds {found}, not answers of a judge; nothing was changed; move it away, or choose another folder"
    )]
    Foreign {
        /// The file.
        path: PathBuf,
        /// What it holds.
        found: String,
    },
    /// The file of answers cannot be read or written.
    #[error(transparent)]
    Journal(#[from] pusht_jobs::JournalError),
    /// The threads that wait for answers cannot be started.
    #[error("no threads to ask the judge: {reason}")]
    Threads {
        /// The system's error.
        reason: String,
    },
    /// The comparison with other scores cannot be computed.
    #[error(transparent)]
    Scores(#[from] rating::RatingError),
    /// The job was cancelled; all answers are kept, and the same job continues.
    #[error(transparent)]
    Cancelled(#[from] pusht_jobs::Cancelled),
}
