//! Evaluation of clips.

use std::path::Path;

use clip_audit::{ClipComparison, ClipEvaluator, QualityReport, compare_clips};
use pusht_jobs::JobContext;
use traj_metrics::Bootstrap;

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
