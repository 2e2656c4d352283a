//! `pusht score expert`.

use anyhow::Result;
use clap::Args;
use eval::ExpertEvaluation;

use crate::outcome::Outcome;
use crate::session::Session;

/// Measure the expert's scores, motion and planning time, in diffusion_policy's environment on one core
#[derive(Args)]
pub(crate) struct Expert {
    /// Seed of the first episode; the next ones follow
    #[arg(long, value_name = "N", default_value_t = 100_000)]
    first_seed: u64,
    /// Number of episodes
    #[arg(long, value_name = "N", default_value_t = 50)]
    episodes: u64,
    /// Maximum steps per episode
    #[arg(long, value_name = "N", default_value_t = 300)]
    steps: usize,
    /// Seed of the planner
    #[arg(long, value_name = "N", default_value_t = 0)]
    seed: u64,
}

impl Expert {
    pub(crate) fn run(self, session: &mut Session) -> Result<Outcome> {
        let evaluation = ExpertEvaluation {
            first_seed: self.first_seed,
            episodes: self.episodes,
            max_steps: self.steps,
            planner_seed: self.seed,
        };
        let scores = evaluation.run(&mut session.ctx)?;
        Ok(Outcome::new(scores.to_string(), &scores)?)
    }
}
