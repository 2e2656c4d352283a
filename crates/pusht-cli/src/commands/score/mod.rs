//! `pusht score`.

mod actions;
mod expert;
mod idm;
mod replay;
mod tracker;
mod world_model;

use anyhow::Result;
use clap::Subcommand;

use crate::outcome::Outcome;
use crate::session::Session;

/// Evaluate one component: actions, inverse dynamics, tracker, replay, expert, world model
#[derive(Subcommand)]
pub(crate) enum Score {
    Actions(actions::Actions),
    Idm(idm::Idm),
    Tracker(tracker::Tracker),
    Replay(replay::Replay),
    Expert(expert::Expert),
    WorldModel(world_model::WorldModel),
}

impl Score {
    pub(crate) fn run(self, session: &mut Session) -> Result<Outcome> {
        match self {
            Self::Actions(command) => command.run(session),
            Self::Idm(command) => command.run(session),
            Self::Tracker(command) => command.run(session),
            Self::Replay(command) => command.run(session),
            Self::Expert(command) => command.run(session),
            Self::WorldModel(command) => command.run(session),
        }
    }
}
