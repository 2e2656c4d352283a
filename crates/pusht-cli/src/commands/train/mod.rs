//! `pusht train`.

mod idm;
mod pixel_parts;
mod policy;
mod policy_settings;
mod video;

use anyhow::Result;
use clap::{Args, Subcommand};

use crate::outcome::Outcome;
use crate::session::Session;

/// Train a policy, an inverse dynamics model or a video model
#[derive(Args)]
pub(crate) struct Train {
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand)]
enum What {
    Policy(policy::TrainPolicy),
    Idm(idm::TrainIdm),
    Video(video::TrainVideo),
}

impl Train {
    pub(crate) fn run(self, session: &mut Session) -> Result<Outcome> {
        match self.what {
            What::Policy(command) => command.run(session),
            What::Idm(command) => command.run(session),
            What::Video(command) => command.run(session),
        }
    }
}
