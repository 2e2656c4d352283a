//! `pusht demos`.

mod merge;

use anyhow::Result;
use clap::Subcommand;

use crate::outcome::Outcome;
use crate::session::Session;

/// Record, convert and join demonstrations
#[derive(Subcommand)]
pub(crate) enum Demos {
    Merge(merge::Merge),
}

impl Demos {
    pub(crate) fn run(self, session: &mut Session) -> Result<Outcome> {
        match self {
            Self::Merge(command) => command.run(session),
        }
    }
}
