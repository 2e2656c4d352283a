//! Errors, with messages for the person who runs the study or for a rater.

use std::path::{Path, PathBuf};

/// Errors from this crate.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RatingError {
    /// A file that is no earlier export would be replaced.
    #[error("{path:?} exists and is no export of ratings; choose another name")]
    NoExport {
        /// The file.
        path: PathBuf,
    },
    /// The answer is not on the scale.
    #[error("{scale} is {value}; expected a whole number from {lowest} to {highest}; nothing was stored")]
    OutsideScale {
        /// The scale.
        scale: &'static str,
        /// The value passed.
        value: i64,
        /// Lowest answer.
        lowest: u8,
        /// Highest answer.
        highest: u8,
    },
    /// The folder of clips is not a folder.
    #[error("{path:?} is a file; expected a folder with clips in it")]
    NotAFolder {
        /// The path.
        path: PathBuf,
    },
    /// There are no clips to rate.
    #[error(
        "{path:?}: no clip that can be shown ({left_out} left out); expected MP4 (H.264, AV1) or GIF files, folders of PNG files (a frame each), or folders that hold such"
    )]
    NoClips {
        /// The folder.
        path: PathBuf,
        /// Number of possible clips that were left out.
        left_out: usize,
    },
    /// The study does not have this clip.
    #[error("there is no such clip in this study; nothing was stored")]
    UnknownClip,
    /// The file of a clip was changed or removed.
    #[error(
        "the file of this clip was changed or taken away, so it cannot be rated now; nothing was stored, and all that was confirmed is safe"
    )]
    ClipChanged,
    /// The rater has rated this clip already.
    #[error("you rated this clip already; go back to it with Undo to change the rating; nothing was stored")]
    AlreadyRated,
    /// There is no rating to withdraw.
    #[error("there is no rating of this clip to take back; nothing was changed")]
    NothingToUndo,
    /// The name is not valid.
    #[error("{reason}; expected 1 to {most} characters")]
    Name {
        /// What is wrong with it.
        reason: &'static str,
        /// Length of the longest valid name, characters.
        most: usize,
    },
    /// The name is in use in another window.
    #[error(
        "{name} is rating right now in another window (last seen {seconds} s ago). If that is you, go on here, and the other window stops; if not, take another name, say with an initial"
    )]
    NameTaken {
        /// The name, as first given.
        name: String,
        /// Seconds since the last request of the other window.
        seconds: i64,
    },
    /// The session does not exist or has ended.
    #[error(
        "this window's session has ended: the name was opened in another window, or said goodbye. Every rating that was confirmed is safe; begin again under your name to go on"
    )]
    SessionEnded,
    /// The server is shutting down.
    #[error("the study was just closed on its computer; what was confirmed is safe, nothing else was stored")]
    Stopping,
    /// The file is not a database of ratings.
    #[error("{path:?} is {found}, not a database of ratings; nothing was changed; name another file")]
    NotOurs {
        /// The file.
        path: PathBuf,
        /// What was found.
        found: String,
    },
    /// The database has the version of another program version.
    #[error(
        "{path:?} has version {found} of the database of ratings; this program reads and writes version {expected}; nothing was changed; use the program that made it, or another file"
    )]
    Version {
        /// The file.
        path: PathBuf,
        /// Version of the database.
        found: i64,
        /// Version that this program supports.
        expected: i64,
    },
    /// The database does not exist.
    #[error("{path:?}: there is no such database; `pusht rate --video DIR --db FILE` makes one")]
    NoDatabase {
        /// The file.
        path: PathBuf,
    },
    /// The database holds ratings of the clips of another folder.
    #[error(
        "{db:?} holds ratings of {clips} other clips (the first is {first:?}) and none of {folder:?}; nothing was changed; name another database for these clips"
    )]
    OtherClips {
        /// The database.
        db: PathBuf,
        /// The folder.
        folder: PathBuf,
        /// Number of clips in the database.
        clips: usize,
        /// Name of one of them.
        first: String,
    },
    /// The file of a rated clip has other content than when it was rated.
    #[error(
        "{clip:?} has other content than the clip of that name that has {ratings} ratings in {db:?}; nothing was changed; put the old file back, give the new one another name, or name another database"
    )]
    ClipReplaced {
        /// The database.
        db: PathBuf,
        /// Name of the clip.
        clip: String,
        /// Number of ratings of the earlier content.
        ratings: i64,
    },
    /// A database operation failed.
    #[error("{path:?}: {source}")]
    Database {
        /// The file.
        path: PathBuf,
        /// The underlying error.
        source: rusqlite::Error,
    },
    /// The server cannot listen on the address.
    #[error("cannot listen on {address}: {reason}")]
    Listen {
        /// The address.
        address: std::net::SocketAddr,
        /// The reason, and what to do.
        reason: String,
    },
    /// The token is too weak.
    #[error(
        "a token of {found} characters; expected at least {least} of A–Z, a–z, 0–9, - and _, or none, to have one made"
    )]
    Token {
        /// Length of the token, characters.
        found: usize,
        /// Minimum length, characters.
        least: usize,
    },
    /// The file holds no audit scores.
    #[error("{path:?}: no scores of an audit ({reason}); expected scores.json of `pusht audit`")]
    NoScores {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// An audit score is not a finite number.
    #[error("the audit's score of {clip:?} is not a finite number; leave the clip out")]
    AuditScore {
        /// Name of the clip.
        clip: String,
    },
    /// None of the rated clips has audit scores.
    #[error(
        "none of the rated clips (such as {rated:?}) is among those that the audit scored (such as {scored:?}); rate and audit the same folder"
    )]
    NoneAudited {
        /// Name of a rated clip.
        rated: String,
        /// Name of a clip with audit scores.
        scored: String,
    },
    /// The statistics cannot be computed.
    #[error(transparent)]
    Metric(#[from] traj_metrics::MetricError),
    /// The job was cancelled before the server was ready.
    #[error(transparent)]
    Cancelled(#[from] pusht_jobs::Cancelled),
    /// Reading or writing failed.
    #[error("{path:?}: {source}")]
    Io {
        /// The file.
        path: PathBuf,
        /// The underlying error.
        source: std::io::Error,
    },
}

impl RatingError {
    pub(crate) fn io(path: &Path) -> impl FnOnce(std::io::Error) -> Self + '_ {
        move |source| Self::Io {
            path: path.to_path_buf(),
            source,
        }
    }
}
