//! `pusht demos`.

mod convert;
mod environment;
mod fetch;
mod known_set;
mod merge;
mod play;
mod record;

use anyhow::Result;
use clap::Subcommand;

pub(crate) use environment::Environment;

use crate::outcome::Outcome;
use crate::session::Session;

/// Record, play, download, convert and join demonstrations
#[derive(Subcommand)]
pub(crate) enum Demos {
    Record(record::Record),
    Play(play::Play),
    Fetch(fetch::Fetch),
    Convert(convert::Convert),
    Merge(merge::Merge),
}

impl Demos {
    pub(crate) fn run(self, session: &mut Session) -> Result<Outcome> {
        match self {
            Self::Record(command) => command.run(session),
            Self::Play(command) => command.run(session),
            Self::Fetch(command) => command.run(session),
            Self::Convert(command) => command.run(session),
            Self::Merge(command) => command.run(session),
        }
    }
}
