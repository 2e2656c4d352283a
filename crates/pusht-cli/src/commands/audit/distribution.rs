//! `pusht audit distribution`.

use std::path::PathBuf;

use anyhow::{Context, Result};
use clap::Args;
use clip_audit::DistributionJob;
use named_parts::DataOptions;

use crate::outcome::Outcome;
use crate::session::Session;

/// Measure the distance between the trajectories of clips and of real episodes: a Fréchet distance without learned
/// weights
///
/// Compares one half of the real set with the other half, with generated clips and with cross-fades, all read from
/// pixels, beside the distances between random halves. Videos that cannot be read are listed and skipped. With --json
/// FILE the tables are also written as Markdown, to FILE with the extension .md.
#[derive(Args)]
pub(crate) struct Distribution {
    /// The real set: a zarr replay buffer, a LeRobot v3 set, or a file of `pusht demos record`
    #[arg(long, value_name = "PATH")]
    data: PathBuf,
    #[command(flatten)]
    reading: DataOptions,
    /// Generated clips at 10 Hz: MP4 or GIF files, folders of PNG files, or folders of these
    #[arg(long, num_args = 1.., value_name = "PATH")]
    video: Vec<PathBuf>,
    /// Name of the generated clips in the table [default: generated]
    #[arg(long, value_name = "NAME", requires = "video")]
    name: Option<String>,
    /// Frames per cross-fade, and per real clip cut for comparison with them
    #[arg(long, value_name = "N", default_value_t = 48)]
    frames: usize,
    /// Seed of the halves and of the random splits
    #[arg(long, value_name = "N", default_value_t = 0)]
    seed: u64,
    /// Random splits of the real set
    #[arg(long, value_name = "N", default_value_t = 1000)]
    splits: usize,
}

impl Distribution {
    pub(crate) fn run(self, session: &mut Session) -> Result<Outcome> {
        let source = self.reading.open(&self.data, &mut session.ctx)?;
        let default = DistributionJob::default();
        let job = DistributionJob {
            video: self.video,
            name: self.name.unwrap_or(default.name),
            frames: self.frames,
            seed: self.seed,
            splits: self.splits,
            bootstrap: default.bootstrap,
        };
        let report = job.run(&source, &mut session.ctx)?;
        let tables = report.markdown()?;
        if let Some(path) = session.json_file().map(|path| path.with_extension("md")) {
            let page = format!(
                "# Fréchet distance of trajectories\n\n`pusht audit distribution --data {} --video CLIPS --name \"{}\" --json \
                 distribution.json` writes this page. Definitions: [distribution.md](../distribution.md).\n\n{tables}",
                source.name(),
                job.name
            );
            pusht_jobs::write_bytes(&path, page.as_bytes()).with_context(|| path.display().to_string())?;
        }
        Ok(Outcome::new(tables, &report)?)
    }
}
