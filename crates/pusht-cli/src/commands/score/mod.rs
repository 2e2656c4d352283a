//! `pusht score`.

mod replay;

use anyhow::Result;
use clap::Subcommand;

use crate::outcome::Outcome;
use crate::session::Session;

/// Measure one part by itself: actions, inverse dynamics, tracker, replay, expert
#[derive(Subcommand)]
pub(crate) enum Score {
    Replay(replay::Replay),
}

impl Score {
    pub(crate) fn run(self, session: &mut Session) -> Result<Outcome> {
        match self {
            Self::Replay(command) => command.run(session),
        }
    }
}
