//! `pusht audit`.

mod object_model;
mod quality;

use anyhow::Result;
use clap::{Args, Subcommand};

use crate::outcome::Outcome;
use crate::session::Session;

/// Audit clips and the models that make them
#[derive(Args)]
pub(crate) struct Audit {
    #[command(subcommand)]
    part: Part,
}

#[derive(Subcommand)]
enum Part {
    Quality(quality::Quality),
    ObjectModel(object_model::ObjectModel),
}

impl Audit {
    pub(crate) fn run(self, session: &mut Session) -> Result<Outcome> {
        match self.part {
            Part::Quality(command) => command.run(session),
            Part::ObjectModel(command) => command.run(session),
        }
    }
}
