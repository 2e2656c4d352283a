//! `pusht score replay`.

use std::path::PathBuf;

use anyhow::{Context, Result};
use clap::Args;
use clip_audit::ReplayJob;
use named_parts::DataOptions;

use crate::outcome::Outcome;
use crate::session::Session;

/// Test whether the actions extracted from a clip reproduce it in the simulator, and what limits that
///
/// Replays the clips of a dataset from their pixels alone, with recorded starts, with recorded actions and from later
/// start frames, and cross-fades of their first into their last frame, which cannot be executed. With --json FILE the
/// tables are also written as Markdown, to FILE with the extension .md.
#[derive(Args)]
pub(crate) struct Replay {
    /// Dataset with frames and states: a zarr replay buffer, a LeRobot v3 set, or a file of `pusht demos record`
    #[arg(long, value_name = "PATH")]
    data: PathBuf,
    #[command(flatten)]
    reading: DataOptions,
    /// Only the first N episodes
    #[arg(long, value_name = "N")]
    episodes: Option<usize>,
    /// Also start a replay at every N-th frame
    #[arg(long, value_name = "N", default_value_t = 10)]
    every: usize,
}

impl Replay {
    pub(crate) fn run(self, session: &mut Session) -> Result<Outcome> {
        let source = self.reading.open(&self.data, &mut session.ctx)?;
        let job = ReplayJob {
            episodes: self.episodes,
            every: self.every,
            ..ReplayJob::default()
        };
        let report = job.run(&source, &mut session.ctx)?;
        let tables = report.markdown();
        if let Some(path) = session.json_file().map(|path| path.with_extension("md")) {
            let page = format!(
                "# Replay in the exact environment\n\n`pusht score replay --data {data} --json replay.json` writes this page: \
                 {} episodes of {data}, 96 × 96 frames. Definitions and what follows from it: [replay.md](../replay.md).\n\n\
                 {}\n\n{tables}",
                report.clips,
                report.conclusion,
                data = report.data,
            );
            pusht_jobs::write_bytes(&path, page.as_bytes()).with_context(|| path.display().to_string())?;
        }
        Ok(Outcome::new(format!("{tables}\n{}", report.conclusion), &report)?)
    }
}
