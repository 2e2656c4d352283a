//! `pusht audit quality`.

use std::fmt::Write as _;
use std::path::PathBuf;

use anyhow::{Context, Result};
use clap::Args;
use clip_audit::{ClipEvaluator, QualityReport, compare_clips};
use clip_generation::{ClipReferences, EndpointSource, Generation};
use serde_json::json;
use traj_metrics::Bootstrap;
use video_io::read_frames;
use world_eval::{GateColumn, PathJudge};

use crate::outcome::Outcome;
use crate::session::Session;

/// Compare clips of `pusht generate --data` with cross-fades and demonstrations between the same start and end frames, or
/// measure clips from new starts
///
/// Measures the number of agents, the T's shape, what moves it, executability, and similarity to the demonstrations
/// from which the start and end frames are taken. Clips from new starts or images are in no demonstration: of these the
/// number of agents, the T's shape, the steps that the exact simulator reproduces and the audit's findings are measured,
/// and how near they came to their ends is summed up.
#[derive(Args)]
pub(crate) struct Quality {
    /// Folder of the clips
    #[arg(long, value_name = "DIR")]
    clips: PathBuf,
}

impl Quality {
    pub(crate) fn run(self, session: &mut Session) -> Result<Outcome> {
        let generation = Generation::open(&self.clips)?;
        if !matches!(generation.plan.ends, EndpointSource::Data { .. }) {
            return self.alone(&generation, session);
        }
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

    /// Measures clips beside which no demonstration stands.
    fn alone(&self, generation: &Generation, session: &mut Session) -> Result<Outcome> {
        let judge = PathJudge::new()?;
        let measure = |index: usize| -> Result<_> {
            let frames = read_frames(self.clips.join(&generation.clips[index].frames))?;
            judge.alone(&frames).with_context(|| format!("clip {index}"))
        };
        let clips = compare_clips(generation.clips.len(), measure, &mut session.ctx)?;
        let plan = &generation.plan;
        let measured = GateColumn::new(&plan.model_name, &clips, &Bootstrap::default())?;
        let arrivals = generation.arrivals();
        let mut text = table(&measured);
        if let Some(arrivals) = &arrivals {
            let _ = write!(text, "\n{arrivals}");
        }
        let json = json!({ "plan": plan, "measured": measured, "arrivals": arrivals });
        Ok(Outcome::new(text, &json)?)
    }
}

fn table(measured: &GateColumn) -> String {
    let [moving, reproduced] = measured.steps;
    let share = match &measured.reproduced {
        Some(share) => format!("{share} ({reproduced} of {moving})"),
        None => "the T moves in none".to_owned(),
    };
    let mut findings: Vec<String> = Vec::new();
    for (kind, clips) in &measured.findings {
        findings.push(format!("{} in {clips}", kind.description()));
    }
    if findings.is_empty() {
        findings.push("none".to_owned());
    }
    format!(
        "| {} | {} clips, 95 % intervals over clips |\n|---|---|\n\
         | frames with exactly one agent, share | {} |\n\
         | T deformation, mean | {} |\n\
         | steps that the simulator reproduces, share | {share} |\n\
         | clips with no finding of the audit, share | {} |\n\
         | findings | {} |\n",
        measured.name,
        measured.clips,
        measured.one_agent,
        measured.deformation,
        measured.no_finding,
        findings.join("; ")
    )
}
