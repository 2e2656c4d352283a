//! `pusht audit quality`.

use std::path::PathBuf;

use anyhow::Result;
use clap::Args;
use clip_audit::{ClipEvaluator, QualityReport, compare_clips};
use clip_generation::ClipReferences;
use serde_json::json;
use traj_metrics::Bootstrap;

use crate::outcome::Outcome;
use crate::session::Session;

/// Compare clips of `pusht generate --data` with cross-fades and demonstrations between the same start and end frames
///
/// Measures the number of agents, the T's shape, what moves it, executability, and similarity to the demonstrations
/// from which the start and end frames are taken.
#[derive(Args)]
pub(crate) struct Quality {
    /// Folder of the clips
    #[arg(long, value_name = "DIR")]
    clips: PathBuf,
}

impl Quality {
    pub(crate) fn run(self, session: &mut Session) -> Result<Outcome> {
        let references = ClipReferences::open(&self.clips)?;
        let evaluator = ClipEvaluator::new()?;
        let compare = |index: usize| -> Result<_> {
            let pair = references.clip(index)?;
            Ok(evaluator.compare(&pair.clip, &pair.demonstration)?)
        };
        let clips = compare_clips(references.len(), compare, &mut session.ctx)?;
        let plan = &references.generation().plan;
        let report = QualityReport::new(&plan.model_name, &clips, &Bootstrap::default())?;
        let conclusion = report.conclusion();
        let text = format!("{}\n{conclusion}", report.markdown());
        let json = json!({ "plan": plan, "quality": report, "conclusion": conclusion });
        Ok(Outcome::new(text, &json)?)
    }
}
