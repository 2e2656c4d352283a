//! A clip beside what it is held against.

use pusht_env::Frame;
use pusht_jobs::{Cancelled, JobContext};
use pusht_vision::cross_fade;
use rayon::prelude::*;

use super::clip::{ClipEvaluator, ClipQuality, QualityError};

/// Clips that are measured between two looks at whether to stop.
const SIDE_BY_SIDE: usize = 8;

/// A clip and what it is held against, each measured against the demonstration between the same ends.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ClipComparison {
    /// The clip.
    pub clip: ClipQuality,
    /// A cross-fade from the demonstration's first to its last frame.
    pub cross_fade: ClipQuality,
    /// The demonstration's first frame throughout.
    pub first_frame: ClipQuality,
    /// The demonstration itself.
    pub demonstration: ClipQuality,
}

impl ClipEvaluator {
    /// Measures a clip, and a cross-fade and a still between the ends of `truth`, the demonstration that begins and ends with
    /// the frames that were given.
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

/// Measures `count` clips on all cores; `compare` reads and measures the one with an index.
///
/// # Errors
/// Those of `compare`, and the stop that was asked for.
pub fn compare_clips<E: From<Cancelled> + Send>(
    count: usize,
    compare: impl Fn(usize) -> Result<ClipComparison, E> + Sync,
    ctx: &mut JobContext,
) -> Result<Vec<ClipComparison>, E> {
    let task = ctx.task("evaluate clips", count);
    let mut all = Vec::with_capacity(count);
    while all.len() < count {
        task.check()?;
        let some = all.len()..count.min(all.len() + SIDE_BY_SIDE);
        let measured: Result<Vec<_>, E> = some.into_par_iter().map(&compare).collect();
        all.extend(measured?);
        task.advance_to(all.len(), "");
    }
    task.finish(&format!("{count} clips"));
    Ok(all)
}
