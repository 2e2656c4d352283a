//! Settings of the page to play on.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;

use pusht_data::Simulation;

use crate::PlayError;

/// Settings of the page to play on.
#[derive(Clone, Debug)]
pub struct PlaySettings {
    /// Folder of the recorded episodes; created if it does not exist, continued otherwise.
    pub out: PathBuf,
    /// Environment in which the episodes are played.
    pub simulation: Simulation,
    /// Seed of the first start. Every further episode takes the next one; a folder with episodes goes on after the last of
    /// them, if that is later.
    pub first_seed: u64,
    /// Step limit of an episode, 1 to [`PlaySettings::MOST_STEPS`].
    pub max_steps: usize,
    /// Address to listen on; port 0 is any free one. An address that other machines can reach is guarded by a token.
    pub address: SocketAddr,
    /// The token; if `None`, one that is generated once and kept in the folder. On a loopback address a token is only
    /// required if it is given here.
    pub token: Option<String>,
}

impl PlaySettings {
    /// Largest step limit: an hour.
    pub const MOST_STEPS: usize = 36_000;

    /// Settings for a folder: diffusion_policy's environment, seeds from 0, 1000 steps, and access from this machine
    /// only, on port 8643.
    pub fn new(out: impl Into<PathBuf>) -> Self {
        Self {
            out: out.into(),
            simulation: Simulation::DIFFUSION_POLICY,
            first_seed: 0,
            max_steps: 1000,
            address: (Ipv4Addr::LOCALHOST, 8643).into(),
            token: None,
        }
    }

    /// Checks the settings that need no file.
    ///
    /// # Errors
    /// A step limit out of range, or a seed that the environment does not accept.
    pub(crate) fn check(&self) -> Result<(), PlayError> {
        if !(1..=Self::MOST_STEPS).contains(&self.max_steps) {
            return Err(PlayError::Steps {
                found: self.max_steps,
                most: Self::MOST_STEPS,
            });
        }
        self.simulation.seeding.draw(self.first_seed)?;
        Ok(())
    }
}
