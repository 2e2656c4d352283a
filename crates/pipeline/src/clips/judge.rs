//! How good clips are.

use std::path::Path;

use clip_audit::{ClipQuality, Judge, QualityReport};
use pusht_env::Frame;
use pusht_jobs::JobContext;
use pusht_vision::cross_fade;
use rayon::prelude::*;
use traj_metrics::Bootstrap;

use super::ends::Ends;
use super::store;
use crate::PipelineError;
use crate::demonstrations::Demonstrations;
use crate::error::failed;

/// The clips beside cross-fades between their ends, their first frames, and the demonstrations between those ends.
pub(super) fn judge_clips(
    dir: &Path,
    demos: &Demonstrations,
    ends: &[Ends],
    name: &str,
    ctx: &mut JobContext,
) -> Result<QualityReport, PipelineError> {
    let fail = failed("clips");
    let judge = Judge::new().map_err(|e| fail(&e))?;
    let task = ctx.task("judge clips", ends.len());
    let mut sets: [Vec<ClipQuality>; 4] = Default::default();
    for (block, some) in ends.chunks(8).enumerate() {
        task.check()?;
        let of = |(i, ends): (usize, &Ends)| -> Result<[ClipQuality; 4], PipelineError> {
            let truth = &demos.episodes[ends.episode].frames[ends.start..=ends.end];
            let made = store::read(dir, block * 8 + i)?;
            let fade = cross_fade(&truth[0], &truth[truth.len() - 1], truth.len());
            let still = vec![truth[0].clone(); truth.len()];
            let judged = |frames: &[Frame]| judge.clip(frames, truth).map_err(|e| fail(&format!("clip {i}: {e}")));
            Ok([judged(&made)?, judged(&fade)?, judged(&still)?, judged(truth)?])
        };
        let judged: Result<Vec<_>, PipelineError> = some.par_iter().enumerate().map(of).collect();
        for clip in judged? {
            sets.iter_mut().zip(clip).for_each(|(set, quality)| set.push(quality));
        }
        task.advance_to(sets[0].len(), "");
    }
    task.finish(&format!("{} clips", ends.len()));
    QualityReport::new(name, sets.each_ref().map(Vec::as_slice), &Bootstrap::default()).map_err(|e| fail(&e))
}
