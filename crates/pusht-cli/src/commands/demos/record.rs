//! `pusht demos record`.

use std::path::PathBuf;

use anyhow::Result;
use clap::Args;
use pusht_data::{Demonstrations, demonstrate, demonstrate_part};
use pusht_env::ExpertConfig;
use pusht_jobs::{Shard, counted};
use serde_json::json;

use super::Environment;
use crate::outcome::Outcome;
use crate::session::Session;

/// Record demonstrations of the expert, as a file of starts and actions from which the frames are simulated when it is
/// read
///
/// Run the same command again to resume a stopped run. The result does not depend on the number of threads.
#[derive(Args)]
pub(crate) struct Record {
    /// File to write, by convention .jsonl
    #[arg(long, value_name = "PATH")]
    out: PathBuf,
    /// Number of episodes
    #[arg(long, value_name = "N", default_value_t = 60)]
    episodes: usize,
    /// Start seed of the first episode; the others follow in order. Rollouts are scored on seeds from 100000 on
    #[arg(long, value_name = "N", default_value_t = 0)]
    seed: u64,
    /// Maximum steps per episode; an episode ends earlier on success
    #[arg(long, value_name = "N", default_value_t = 300)]
    steps: usize,
    /// Environment whose start states and images are used
    #[arg(long, value_name = "NAME", default_value = "diffusion-policy")]
    environment: Environment,
    /// Number of threads; 0: one per core
    #[arg(long, value_name = "N", default_value_t = 0)]
    threads: usize,
    /// Record only part I of N of the episodes, into a file for `pusht demos merge`
    #[arg(long, value_name = "I/N")]
    shard: Option<Shard>,
}

impl Record {
    pub(crate) fn run(self, session: &mut Session) -> Result<Outcome> {
        let out = &self.out;
        let already = out.exists();
        let demonstrations = Demonstrations {
            episodes: self.episodes,
            first_seed: self.seed,
            max_steps: self.steps,
            simulation: self.environment.into(),
            expert: ExpertConfig::default(),
            threads: self.threads,
        };
        let note = if already {
            ", already there, made with the same settings"
        } else {
            ""
        };
        if let Some(part) = self.shard {
            demonstrate_part(out, &demonstrations, part, &mut session.ctx)?;
            let text = format!(
                "part {part} of {} in {}{note}",
                counted(self.episodes, "episode"),
                out.display()
            );
            let json = json!({ "out": out, "part": part, "episodes": self.episodes, "already_there": already });
            return Ok(Outcome::new(text, &json)?);
        }
        let set = demonstrate(out, &demonstrations, &mut session.ctx)?;
        let summary = set.summary()?;
        let text = format!(
            "{} in {}{note}: mean maximum reward {:.3}, mean length {:.0} steps",
            counted(summary.episodes, "episode"),
            out.display(),
            summary.mean_max_reward,
            summary.mean_length
        );
        let json = json!({ "out": out, "summary": summary, "already_there": already });
        Ok(Outcome::new(text, &json)?)
    }
}
