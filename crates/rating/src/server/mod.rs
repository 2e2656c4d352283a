//! The rating page and what answers it.

mod api;
mod guard;
mod page;
mod study;

use std::net::{SocketAddr, TcpListener};
use std::path::PathBuf;

use guard::Guard;
use study::Study;

use crate::RatingError;
use crate::http::{Stop, serve};

/// What is rated, where it is kept, and who can reach it.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Folder of clips; nothing outside of it is read.
    pub video: PathBuf,
    /// The database; made where it is missing.
    pub db: PathBuf,
    /// Where to listen; port 0 is any free one. An address that others can reach is guarded by a token.
    pub address: SocketAddr,
    /// The token, or one that the database makes up once and keeps. On a loopback address none is asked for unless it
    /// is given here.
    pub token: Option<String>,
    /// Of the order of the clips; only a new database takes it.
    pub seed: u64,
    /// Frames a second of the clips, over what their files say.
    pub fps: Option<u32>,
}

/// What a server leaves behind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Closing {
    /// Ratings that stand.
    pub ratings: u64,
    /// People who gave them.
    pub raters: u64,
}

/// A rating server that is bound to its address and has read its clips.
pub struct Server {
    listener: TcpListener,
    stop: Stop,
    guard: Guard,
    study: Study,
    address: SocketAddr,
}

/// Told what whoever runs the server should know.
pub type Tell = Box<dyn Fn(&str) + Send + Sync>;

impl Server {
    /// Reads all clips, opens or makes the database, and binds the address. `tell` hears of clips that are left out and,
    /// later, of people who begin.
    ///
    /// # Errors
    /// A folder without clips; a file that is no database of ratings, has another version, or rates other clips; an
    /// address that is in use or not this machine's; a short token.
    pub fn open(settings: &Settings, tell: Tell) -> Result<Self, RatingError> {
        let listener = bind(settings.address)?;
        let address = listener.local_addr().map_err(|e| RatingError::Listen {
            address: settings.address,
            reason: e.to_string(),
        })?;
        let study = Study::open(settings, tell)?;
        let guard = Guard::new(address, settings.token.as_deref(), || study.token())?;
        Ok(Self {
            listener,
            stop: Stop::new(address),
            guard,
            study,
            address,
        })
    }

    /// What to open in a browser, with the token where one is needed. For an address that stands for all of the
    /// machine's, the name of the machine must be put in by whoever hands it on.
    pub fn url(&self) -> String {
        self.guard.url(self.address)
    }

    /// Number of clips to rate.
    pub fn clips(&self) -> usize {
        self.study.clips()
    }

    /// Ends [`Server::run`] from another thread.
    pub fn stop_handle(&self) -> Stop {
        self.stop.clone()
    }

    /// Serves until it is stopped.
    ///
    /// # Errors
    /// The database, when it is closed.
    pub fn run(self) -> Result<Closing, RatingError> {
        let Self {
            listener,
            stop,
            guard,
            study,
            ..
        } = self;
        let study = std::sync::Arc::new(study);
        let answering = study.clone();
        serve(&listener, &stop, move |request| {
            api::answer(&answering, &guard, request)
        });
        study.close()
    }
}

fn bind(address: SocketAddr) -> Result<TcpListener, RatingError> {
    TcpListener::bind(address).map_err(|e| {
        let reason = match e.kind() {
            std::io::ErrorKind::AddrInUse => {
                "another program listens there, perhaps an earlier `rate`; end it, or choose another --port (0 takes any free one)".into()
            }
            std::io::ErrorKind::PermissionDenied => "ports below 1024 are the system's; choose a higher --port".into(),
            std::io::ErrorKind::AddrNotAvailable => {
                "this machine does not have that address; --listen 0.0.0.0 takes all that it has".into()
            }
            _ => e.to_string(),
        };
        RatingError::Listen { address, reason }
    })
}
