//! A clip and its references.

use pusht_env::Frame;
use pusht_jobs::{Cancelled, JobContext, counted};
use pusht_vision::cross_fade;
use rayon::prelude::*;

use super::clip::{ClipEvaluator, ClipQuality, QualityError};

/// Clips measured between two checks for cancellation.
const SIDE_BY_SIDE: usize = 8;

/// Measures of a clip and of its references, each compared with the demonstration with the same start and end frames.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ClipComparison {
    /// The clip.
    pub clip: ClipQuality,
    /// A cross-fade from the demonstration's first to its last frame.
    pub cross_fade: ClipQuality,
    /// The demonstration's first frame, repeated.
    pub first_frame: ClipQuality,
    /// The demonstration itself.
    pub demonstration: ClipQuality,
}

impl ClipEvaluator {
    /// Measures a clip, a cross-fade and a still. `truth` is the demonstration with the given start and end frames.
    ///
    /// # Errors
    /// As [`Self::clip`].
    pub fn compare(&self, clip: &[Frame], truth: &[Frame]) -> Result<ClipComparison, QualityError> {
        let (Some(first), Some(last)) = (truth.first(), truth.last()) else {
            return Err(QualityError::Short { frames: 0 });
        };
        let fade = cross_fade(first, last, truth.len());
        let still = vec![first.clone(); truth.len()];
        Ok(ClipComparison {
            clip: self.clip(clip, truth)?,
            cross_fade: self.clip(&fade, truth)?,
            first_frame: self.clip(&still, truth)?,
            demonstration: self.clip(truth, truth)?,
        })
    }
}

/// Measures `count` clips on all cores; `compare` reads and measures the clip with the given index, with
/// [`ClipEvaluator::compare`] or otherwise.
///
/// # Errors
/// An error of `compare`; a cancelled job.
pub fn compare_clips<T: Send, E: From<Cancelled> + Send>(
    count: usize,
    compare: impl Fn(usize) -> Result<T, E> + Sync,
    ctx: &mut JobContext,
) -> Result<Vec<T>, E> {
    let task = ctx.task("evaluate clips", count, "clip");
    let mut all = Vec::with_capacity(count);
    while all.len() < count {
        task.check()?;
        let some = all.len()..count.min(all.len() + SIDE_BY_SIDE);
        let measured: Result<Vec<_>, E> = some.into_par_iter().map(&compare).collect();
        all.extend(measured?);
        task.advance_to(all.len(), "");
    }
    task.finish(&counted(count, "clip"));
    Ok(all)
}
