//! `pusht bench audit`.

use std::path::PathBuf;

use anyhow::{Context, Result};
use clap::Args;
use clip_audit::VideoAuditor;
use clip_audit::benchmark::{AuditBenchmark, RecordedClips, TrialReport};
use corruptions::Clip;
use named_parts::DataOptions;

use crate::outcome::Outcome;
use crate::session::Session;

/// Insert known corruptions into simulated and recorded clips, and tabulate what the audit reports
///
/// Each corrupted clip is audited about a hundred times, which takes about twenty seconds on one core.
#[derive(Args)]
pub(crate) struct Audit {
    /// Folder for audit.json and audit.md
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// Number of simulated clips to corrupt
    #[arg(long, value_name = "N", default_value_t = 20)]
    clips: u64,
    /// Seed of the first clip; the audit's thresholds were chosen on seeds 0 to 199
    #[arg(long, value_name = "N", default_value_t = 100)]
    seed: u64,
    /// Number of clean clips in addition, from the same seed on; half of them push the T into walls and corners
    #[arg(long, value_name = "N", default_value_t = 40)]
    clean: u64,
    /// Dataset with frames and states (zarr, LeRobot, simulated): all its episodes are audited unchanged
    #[arg(long, value_name = "PATH")]
    data: Option<PathBuf>,
    #[command(flatten)]
    reading: DataOptions,
    /// Also corrupt every N-th episode of --data [default: 5]
    #[arg(long, value_name = "N", requires = "data")]
    every: Option<usize>,
}

impl Audit {
    pub(crate) fn run(self, session: &mut Session) -> Result<Outcome> {
        let auditor = VideoAuditor::new()?;
        let benchmark = AuditBenchmark {
            clips: self.clips,
            first_seed: self.seed,
            every: self.every.unwrap_or(5),
            clean: self.clean,
            ..AuditBenchmark::default()
        };
        self.reading.need(self.data.is_some())?;
        let source = self.reading.open_given(self.data.as_deref(), &mut session.ctx)?;
        let read = |index: usize| {
            let episode = source.as_ref().ok_or("no dataset")?.episode(index)?;
            Ok(Clip {
                frames: episode.frames,
                states: episode.states.ok_or("the dataset has no states")?,
                goal: episode.goal,
            })
        };
        let recorded = source.as_ref().map(|source| RecordedClips {
            count: source.len(),
            read: &read,
        });
        let outcomes = benchmark.run(&auditor, recorded.as_ref(), &mut session.ctx)?;
        let report = TrialReport::new(&auditor, &outcomes)?;
        let mut command = format!(
            "pusht bench audit --clips {} --clean {} --seed {}",
            benchmark.clips, benchmark.clean, benchmark.first_seed
        );
        if let Some(source) = &source {
            command += &format!(" --every {} --data {}", benchmark.every, source.name());
        }
        std::fs::create_dir_all(&self.out).with_context(|| self.out.display().to_string())?;
        let (numbers, page) = (self.out.join("audit.json"), self.out.join("audit.md"));
        let json = serde_json::to_value(&report)?;
        let text = serde_json::to_string_pretty(&json)? + "\n";
        pusht_jobs::write_bytes(&numbers, text.as_bytes()).with_context(|| numbers.display().to_string())?;
        let text = report.markdown(&format!("{command} --out docs/results"));
        pusht_jobs::write_bytes(&page, text.as_bytes()).with_context(|| page.display().to_string())?;
        let text = format!(
            "clean clips flagged: {:.4}; mild damage of the picture mistaken for a physical corruption: {:.4}\n\
             tables by corruption and strength: {}",
            report.table.clean_flagged,
            report.table.mild_mistaken,
            page.display()
        );
        Ok(Outcome::new(text, &json)?)
    }
}
