//! Settings of a rating server.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;

/// Settings of a rating server.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Folder of clips; nothing outside it is read.
    pub video: PathBuf,
    /// The database; created if it does not exist.
    pub db: PathBuf,
    /// Address to listen on; port 0 is any free one. An address that other machines can reach is guarded by a token.
    pub address: SocketAddr,
    /// The token; if `None`, a token that is generated once and stored in the database. On a loopback address a token
    /// is only required if it is given here.
    pub token: Option<String>,
    /// Seed of the order of the clips; used only for a new database.
    pub seed: u64,
    /// Frame rate of the clips, frames per second; overrides the rates stated in the files.
    pub fps: Option<u32>,
}

impl Settings {
    /// Settings for a folder of clips and a database, with access from this machine only, on port 8642.
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
