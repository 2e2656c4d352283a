//! Evaluation of clips.

use std::path::Path;

use clip_audit::{ClipComparison, ClipEvaluator, QualityReport, compare_clips};
use eval::pose_reached;
use pusht_env::GOAL;
use pusht_jobs::JobContext;
use pusht_vision::Tracker;
use report::NewStartClips;
use traj_metrics::{Bootstrap, Summary};
use world_eval::{GateColumn, PathJudge};

use super::ends::Ends;
use super::store;
use crate::PipelineError;
use crate::demonstrations::Demonstrations;
use crate::error::failed;

/// Compares clips with cross-fades between their endpoints, with their repeated first frames, and with the
/// demonstrations between these endpoints.
pub(super) fn evaluate_clips(
    dir: &Path,
    demos: &Demonstrations,
    ends: &[Ends],
    name: &str,
    ctx: &mut JobContext,
) -> Result<QualityReport, PipelineError> {
    let fail = failed("clips");
    let evaluator = ClipEvaluator::new().map_err(|e| fail(&e))?;
    let compare = |i: usize| -> Result<ClipComparison, PipelineError> {
        let ends = &ends[i];
        let truth = &demos.episodes[ends.episode].frames[ends.start..=ends.end];
        let made = store::read(dir, i)?;
        evaluator
            .compare(&made, truth)
            .map_err(|e| fail(&format!("clip {i}: {e}")))
    };
    let clips = compare_clips(ends.len(), compare, ctx)?;
    QualityReport::new(name, &clips, &Bootstrap::default()).map_err(|e| fail(&e))
}

/// Measures clips from new starts, beside which no demonstration stands.
pub(super) fn evaluate_new_starts(
    dir: &Path,
    clips: usize,
    name: &str,
    ctx: &mut JobContext,
) -> Result<NewStartClips, PipelineError> {
    let fail = failed("clips");
    let judge = PathJudge::new().map_err(|e| fail(&e))?;
    let tracker = Tracker::new(GOAL).map_err(|e| fail(&e))?;
    let measure = |i: usize| -> Result<_, PipelineError> {
        let frames = store::read(dir, i)?;
        let measures = judge.alone(&frames).map_err(|e| fail(&format!("clip {i}: {e}")))?;
        let last = frames.last().map(|frame| tracker.track(frame)).transpose();
        let shown = last.map_err(|e| fail(&e))?.and_then(|seen| seen.state());
        let at_goal = shown.is_some_and(|state| pose_reached(state.block, GOAL));
        Ok((measures, frames.len(), at_goal))
    };
    let measured = compare_clips(clips, measure, ctx)?;
    let lengths: Vec<f64> = measured.iter().map(|(_, frames, _)| *frames as f64).collect();
    let at_goal = measured.iter().filter(|(.., at_goal)| *at_goal).count();
    let measures: Vec<_> = measured.into_iter().map(|(measures, ..)| measures).collect();
    let column = GateColumn::new(name, &measures, &Bootstrap::default()).map_err(|e| fail(&e))?;
    let findings = column.findings.iter();
    Ok(NewStartClips {
        name: column.name.clone(),
        clips,
        frames: Summary::of(&lengths).map_err(|e| fail(&e))?,
        at_goal,
        one_agent: column.one_agent,
        deformation: column.deformation,
        reproduced: column.reproduced,
        no_finding: column.no_finding,
        findings: findings
            .map(|(kind, clips)| (kind.description().to_owned(), *clips))
            .collect(),
    })
}
