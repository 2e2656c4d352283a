//! What is rated, where it is kept, and who can reach it.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;

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

impl Settings {
    /// The clips of a folder and a database, for this machine alone, on port 8642.
    pub fn new(video: impl Into<PathBuf>, db: impl Into<PathBuf>) -> Self {
        Self {
            video: video.into(),
            db: db.into(),
            address: (Ipv4Addr::LOCALHOST, 8642).into(),
            token: None,
            seed: 0,
            fps: None,
        }
    }
}
