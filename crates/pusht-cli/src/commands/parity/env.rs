//! `pusht parity env`.

use std::path::PathBuf;

use anyhow::Result;
use clap::Args;

use super::{Compared, each};
use crate::outcome::Outcome;
use crate::session::Session;

/// Compare the environments with recorded behavior of gym-pusht, diffusion_policy and stable-worldmodel
///
/// Prints one line per comparison, with its largest error. Exit status 3: an error is over its limit.
#[derive(Args)]
pub(crate) struct Env {
    /// Folders with recordings (rollouts.npz, coverage.npz, dp_resets.npz, dp_rollouts.npz, demo_replay.npz,
    /// renders96.npz, vis680.npz; any subset), or of stable-worldmodel (rollouts.npz, frames.npz, resets.npz, with
    /// rollouts.json)
    #[arg(required = true, value_name = "DIR")]
    folders: Vec<PathBuf>,
}

impl Env {
    pub(crate) fn run(self, session: &mut Session) -> Result<Outcome> {
        each(&self.folders, session, |folder| {
            let report = env_parity::compare(folder)?;
            Ok(Compared {
                text: report.to_string(),
                passed: report.passed(),
                report: serde_json::to_value(report)?,
            })
        })
    }
}
