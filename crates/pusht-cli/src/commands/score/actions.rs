//! `pusht score actions`.

use std::path::PathBuf;

use anyhow::{Context, Result};
use clap::Args;
use named_parts::DataOptions;
use pusht_jobs::counted;
use serde_json::json;
use traj_metrics::{ActionMeasures, PaperFigures};

use crate::outcome::Outcome;
use crate::session::Session;

/// Measure smoothness, directness and variance of a dataset's actions, beside trivial baselines and the paper's figures
///
/// Units: px of the 512 board, one step = 0.1 s. The formulas are in docs/metrics.md.
#[derive(Args)]
pub(crate) struct Actions {
    /// Dataset: a zarr replay buffer or LeRobot v3 set (folders), or a file of `pusht demos record`
    #[arg(long, value_name = "PATH")]
    data: PathBuf,
    #[command(flatten)]
    reading: DataOptions,
    /// Leave out the first N actions of every episode; the paper left out 1
    #[arg(long, value_name = "N", default_value_t = 0)]
    skip_first: usize,
    /// Seed of the white noise
    #[arg(long, value_name = "N", default_value_t = 0)]
    seed: u64,
}

impl Actions {
    pub(crate) fn run(self, session: &mut Session) -> Result<Outcome> {
        let source = self.reading.open(&self.data, &mut session.ctx)?;
        session.warn_of(&source, source.len(), 0)?;
        let skipped = self.skip_first;
        let trajectories = source.trajectories(skipped)?;
        let measures = ActionMeasures::of(&trajectories.actions, trajectories.agent.as_deref(), self.seed)
            .with_context(|| {
                let hint = if skipped > 0 {
                    "; use a smaller --skip-first"
                } else {
                    ""
                };
                format!(
                    "{}, the first {skipped} actions of an episode left out{hint}",
                    source.name()
                )
            })?;
        let left_out = match skipped {
            0 => String::new(),
            1 => " (the first of each left out)".to_owned(),
            some => format!(" (the first {some} of each left out)"),
        };
        let text = format!(
            "{}: {}, {}{left_out}; mean ± SD within an episode, averaged over episodes\n\n{}",
            source.name(),
            counted(measures.actions.episodes, "episode"),
            counted(measures.actions.actions, "action"),
            measures.table()
        );
        let json = json!({
            "data": source.name(), "skip_first": skipped, "seed": self.seed, "measures": measures,
            "paper_human_extracted": PaperFigures::ALL,
        });
        Ok(Outcome::new(text, &json)?)
    }
}
