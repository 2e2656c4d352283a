//! What can go wrong, in words for whoever reads it: the person who runs the study, or a rater.

use std::path::{Path, PathBuf};

/// Why something was refused or failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RatingError {
    /// A file that is no earlier export would be replaced.
    #[error("{path:?} exists and is no export of ratings; choose another name")]
    NoExport {
        /// The file.
        path: PathBuf,
    },
    /// An answer that the scale does not have.
    #[error("{scale} is {value}; expected a whole number from {lowest} to {highest}; nothing was stored")]
    OutsideScale {
        /// The scale.
        scale: &'static str,
        /// What was given.
        value: i64,
        /// Lowest answer.
        lowest: u8,
        /// Highest answer.
        highest: u8,
    },
    /// A folder of clips that is none.
    #[error("{path:?} is a file; expected a folder with clips in it")]
    NotAFolder {
        /// What was named.
        path: PathBuf,
    },
    /// Nothing to rate.
    #[error(
        "{path:?}: no clip that can be shown ({left_out} left out); expected MP4 (H.264, AV1) or GIF files, folders of PNG files (a frame each), or folders that hold such"
    )]
    NoClips {
        /// The folder.
        path: PathBuf,
        /// Files that looked like clips.
        left_out: usize,
    },
    /// A clip that the study does not have.
    #[error("there is no such clip in this study; nothing was stored")]
    UnknownClip,
    /// The file of a clip holds something else, or is gone.
    #[error(
        "the file of this clip was changed or taken away, so it cannot be rated now; nothing was stored, and all that was confirmed is safe"
    )]
    ClipChanged,
    /// A second rating of a clip.
    #[error("you rated this clip already; go back to it with Undo to change the rating; nothing was stored")]
    AlreadyRated,
    /// Nothing to withdraw.
    #[error("there is no rating of this clip to take back; nothing was changed")]
    NothingToUndo,
    /// A name that cannot be taken.
    #[error("{reason}; expected 1 to {most} characters")]
    Name {
        /// What is wrong.
        reason: &'static str,
        /// Longest name.
        most: usize,
    },
    /// Two at once under one name.
    #[error(
        "{name} is rating right now in another window (last seen {seconds} s ago). If that is you, go on here, and the other window stops; if not, take another name, say with an initial"
    )]
    NameTaken {
        /// The name, as first given.
        name: String,
        /// Since the other window was heard of.
        seconds: i64,
    },
    /// A session that is not, or no longer, one.
    #[error(
        "this window's session has ended: the name was opened in another window, or said goodbye. Every rating that was confirmed is safe; begin again under your name to go on"
    )]
    SessionEnded,
    /// The server is at its end.
    #[error("the study was just closed on its computer; what was confirmed is safe, nothing else was stored")]
    Stopping,
    /// A file that is no database of ratings.
    #[error("{path:?} is {found}, not a database of ratings; nothing was changed; name another file")]
    NotOurs {
        /// The file.
        path: PathBuf,
        /// What it is.
        found: String,
    },
    /// A database of another version of this program.
    #[error(
        "{path:?} has version {found} of the database of ratings; this program reads and writes version {expected}; nothing was changed; use the program that made it, or another file"
    )]
    Version {
        /// The file.
        path: PathBuf,
        /// Its version.
        found: i64,
        /// Ours.
        expected: i64,
    },
    /// No file of this name.
    #[error("{path:?}: there is no such database; `pusht rate --video DIR --db FILE` makes one")]
    NoDatabase {
        /// The file.
        path: PathBuf,
    },
    /// A database that rates the clips of another folder.
    #[error(
        "{db:?} holds ratings of {clips} other clips (the first is {first:?}) and none of {folder:?}; nothing was changed; name another database for these clips"
    )]
    OtherClips {
        /// The database.
        db: PathBuf,
        /// The folder.
        folder: PathBuf,
        /// Clips of the database.
        clips: usize,
        /// One of them.
        first: String,
    },
    /// A clip whose file has other content than when it was rated.
    #[error(
        "{clip:?} has other content than the clip of that name that has {ratings} ratings in {db:?}; nothing was changed; put the old file back, give the new one another name, or name another database"
    )]
    ClipReplaced {
        /// The database.
        db: PathBuf,
        /// Its name.
        clip: String,
        /// Ratings of the earlier content.
        ratings: i64,
    },
    /// The database.
    #[error("{path:?}: {source}")]
    Database {
        /// The file.
        path: PathBuf,
        /// The cause.
        source: rusqlite::Error,
    },
    /// An address that cannot be listened on.
    #[error("cannot listen on {address}: {reason}")]
    Listen {
        /// The address.
        address: std::net::SocketAddr,
        /// Why, and what to do.
        reason: String,
    },
    /// A token that can be guessed.
    #[error(
        "a token of {found} characters; expected at least {least} of A–Z, a–z, 0–9, - and _, or none, to have one made"
    )]
    Token {
        /// Characters given.
        found: usize,
        /// Least length.
        least: usize,
    },
    /// A file that holds no scores of an audit.
    #[error("{path:?}: no scores of an audit ({reason}); expected scores.json of `pusht audit`")]
    NoScores {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// An audit's score that is no number.
    #[error("the audit's score of {clip:?} is not a finite number; leave the clip out")]
    AuditScore {
        /// Name of the clip.
        clip: String,
    },
    /// None of the rated clips was audited.
    #[error(
        "none of the rated clips (such as {rated:?}) is among those that the audit scored (such as {scored:?}); rate and audit the same folder"
    )]
    NoneAudited {
        /// A clip that was rated.
        rated: String,
        /// One that was scored.
        scored: String,
    },
    /// Statistics.
    #[error(transparent)]
    Metric(#[from] traj_metrics::MetricError),
    /// Stopped before the server was ready.
    #[error(transparent)]
    Cancelled(#[from] pusht_jobs::Cancelled),
    /// Reading or writing failed.
    #[error("{path:?}: {source}")]
    Io {
        /// The file.
        path: PathBuf,
        /// The cause.
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
