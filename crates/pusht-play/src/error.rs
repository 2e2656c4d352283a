//! Errors, with messages for the person who runs the page or for the one who plays.

use std::path::{Path, PathBuf};

use pusht_data::{DataError, Simulation};
use pusht_env::{EnvError, PolicyError};

/// Errors from this crate.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PlayError {
    /// The folder holds other things.
    #[error("{path:?}: {source}")]
    Folder {
        /// The folder.
        path: PathBuf,
        /// The reason.
        source: std::io::Error,
    },
    /// Another server records into the folder.
    #[error(
        "{path:?}: another `pusht demos play` records into this folder; end it, or choose another folder with --out"
    )]
    Busy {
        /// The folder.
        path: PathBuf,
    },
    /// The episodes of the folder were not played by a person.
    #[error(
        "{path:?} holds episodes of {found:?}, not of a person; nothing was changed; choose another folder with --out"
    )]
    OtherSource {
        /// The file.
        path: PathBuf,
        /// Its source.
        found: String,
    },
    /// The folder was begun with another environment.
    #[error(
        "{path:?} was recorded in another environment ({found:?}; expected {expected:?}); nothing was changed; give the same \
         --environment as before, or choose another folder with --out"
    )]
    OtherSimulation {
        /// The file.
        path: PathBuf,
        /// Its environment.
        found: Box<Simulation>,
        /// The environment of the settings.
        expected: Box<Simulation>,
    },
    /// The file of the unfinished episode cannot be read.
    #[error(
        "{path:?}, line {line}: {reason}; expected the unfinished episode that `pusht demos play` keeps there; nothing was \
         changed; move the file away to begin a new episode"
    )]
    Journal {
        /// The file.
        path: PathBuf,
        /// Counted from 1.
        line: usize,
        /// What is wrong.
        reason: String,
    },
    /// The step limit is out of range.
    #[error("a limit of {found} steps; expected 1 to {most}")]
    Steps {
        /// The limit.
        found: usize,
        /// The largest one.
        most: usize,
    },
    /// A message of the page cannot be read.
    #[error("this message was not understood: {reason}; nothing was changed")]
    Message {
        /// What is wrong.
        reason: String,
    },
    /// A target that is not a position.
    #[error("the target [{x}, {y}] is not a position on the board; nothing was changed")]
    Target {
        /// x, px.
        x: f64,
        /// y, px.
        y: f64,
    },
    /// There is nothing to save.
    #[error("there is nothing to save yet: this episode has no steps")]
    NothingToSave,
    /// There is nothing to undo.
    #[error("there is nothing to undo: this episode has no steps")]
    NothingToUndo,
    /// The episode has ended.
    #[error("this episode is over; save it, undo the last second, or begin again")]
    Over,
    /// There is no policy.
    #[error("there is no policy to take over from; `pusht demos play --policy` names one")]
    NoPolicy,
    /// The unfinished episode belongs to another policy, or to none.
    #[error(
        "this episode was begun {begun}, and the program runs {now}; it cannot go on here: save it as it is, or begin anew"
    )]
    OtherPolicy {
        /// How it was begun.
        begun: String,
        /// How the program runs.
        now: String,
    },
    /// Another window plays.
    #[error("this episode is played in another window; nothing was changed; press \"Play here\" to go on in this one")]
    NotPlaying,
    /// There is no further start.
    #[error(transparent)]
    Env(#[from] EnvError),
    /// The policy failed.
    #[error("{0}; the episode is paused")]
    Policy(#[from] PolicyError),
    /// The policy gave a target that is not finite.
    #[error("the policy {policy} gave the target {action:?}, which is not finite; the episode is paused")]
    PolicyTarget {
        /// Name of the policy.
        policy: String,
        /// What it gave.
        action: [f32; 2],
    },
    /// A set that cannot be read or written.
    #[error(transparent)]
    Data(#[from] DataError),
    /// An image cannot be made.
    #[error("the board cannot be drawn: {reason}")]
    Picture {
        /// The reason.
        reason: String,
    },
    /// The server cannot listen on the address.
    #[error(transparent)]
    Bind(#[from] page_server::BindError),
    /// The token is too weak.
    #[error(transparent)]
    Token(#[from] page_server::WeakToken),
    /// The system cannot provide a thread, a socket or random numbers for the server.
    #[error("the server cannot run: {reason}")]
    Server {
        /// The reason.
        reason: String,
    },
    /// Reading or writing failed.
    #[error("{path:?}: {source}")]
    Io {
        /// The file.
        path: PathBuf,
        /// The underlying error.
        source: std::io::Error,
    },
}

impl PlayError {
    pub(crate) fn io(path: &Path) -> impl FnOnce(std::io::Error) -> Self + '_ {
        move |source| Self::Io {
            path: path.to_path_buf(),
            source,
        }
    }
}
