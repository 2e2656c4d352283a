//! `pusht bench`.

mod audit;
#[cfg(feature = "parity")]
mod env;

use anyhow::Result;
use clap::Subcommand;

use crate::outcome::Outcome;
use crate::session::Session;

/// Benchmark the audit (which corruptions it detects) or the environment (speed)
#[derive(Subcommand)]
pub(crate) enum Bench {
    Audit(audit::Audit),
    #[cfg(feature = "parity")]
    Env(env::Env),
}

impl Bench {
    pub(crate) fn run(self, session: &mut Session) -> Result<Outcome> {
        match self {
            Self::Audit(command) => command.run(session),
            #[cfg(feature = "parity")]
            Self::Env(command) => command.run(),
        }
    }
}
