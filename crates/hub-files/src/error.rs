//! Errors of finding and downloading files.

use std::path::{Path, PathBuf};

use pusht_jobs::Cancelled;

use crate::HubNameError;

/// Errors of finding and downloading files. Messages about the network say how to do without.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum HubError {
    /// Text that is no name of a repository.
    #[error(transparent)]
    Name(#[from] HubNameError),
    /// An environment variable that cannot be used.
    #[error("{variable}: {reason}")]
    Variable {
        /// The variable.
        variable: &'static str,
        /// What is wrong, and what was expected.
        reason: String,
    },
    /// The files are not in the cache, and nothing may be downloaded.
    #[error("{name}: not in the cache {cache:?}, and {reason}")]
    NotCached {
        /// The name.
        name: String,
        /// The cache.
        cache: PathBuf,
        /// Why nothing is downloaded, and what to do.
        reason: String,
    },
    /// The server cannot be reached, or does not answer.
    #[error("{url}: {reason}. {advice}")]
    Unreachable {
        /// The address.
        url: String,
        /// The error of the network.
        reason: String,
        /// What to do.
        advice: String,
    },
    /// The server refuses.
    #[error("{url}: {status}: {reason}")]
    Refused {
        /// The address.
        url: String,
        /// Status of HTTP.
        status: u16,
        /// What that means, and what to do.
        reason: String,
    },
    /// The answer is not what the Hub sends.
    #[error("{url}: {reason}")]
    Answer {
        /// The address.
        url: String,
        /// What was expected and what was found.
        reason: String,
    },
    /// The repository does not have the needed files.
    #[error("{name}: {reason}")]
    Missing {
        /// The name.
        name: String,
        /// What is missing, and what there is.
        reason: String,
    },
    /// The downloaded file is another one than the server announced.
    #[error(
        "{url}: {reason}; the download was removed: try again, and if it happens again the server or a proxy sends another file"
    )]
    Damaged {
        /// The address.
        url: String,
        /// Expected and found size or hash.
        reason: String,
    },
    /// A file or folder cannot be read or written.
    #[error("{path:?}: {source}")]
    Io {
        /// Its path.
        path: PathBuf,
        /// Error of the operating system.
        source: std::io::Error,
    },
    /// The job was cancelled; what was downloaded is kept, and the same command continues.
    #[error(transparent)]
    Cancelled(#[from] Cancelled),
}

impl HubError {
    /// For `map_err`.
    pub(crate) fn io(path: &Path) -> impl FnOnce(std::io::Error) -> Self + '_ {
        |source| Self::Io {
            path: path.to_path_buf(),
            source,
        }
    }
}
