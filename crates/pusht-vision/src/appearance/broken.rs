//! Detects frames with a broken T: melting, in pieces, or missing.

use super::{ClipPicture, FrameAudit};
use crate::flagged::{FlaggedFrame, Measured, segments};
use crate::limits;

/// Fewest frames of a segment.
const LEAST: usize = 2;

impl FrameAudit {
    /// Translucency or misfit of the T, whichever is larger, relative to its allowance; `None` for a frame without a T.
    pub fn melting(&self, picture: &ClipPicture) -> Option<Measured> {
        let (shape, allowance) = (self.shape?, picture.allowance());
        let split = self.measures.pieces > 1 && shape.translucent < limits::TRANSLUCENT + allowance;
        let misfit = if split { 0.0 } else { shape.stray + shape.missing };
        let misfit = misfit / (limits::MISFIT + allowance);
        let translucent = shape.translucent / (limits::TRANSLUCENT + allowance);
        let limit = if picture.is_coarse() { limits::COARSE_MORPH } else { 1.0 };
        let value = misfit.max(translucent);
        Some(Measured { value, limit })
    }

    /// The number of pieces of a T that is not translucent.
    pub fn pieces(&self, picture: &ClipPicture) -> Measured {
        let allowance = picture.allowance();
        let split = self.measures.pieces as f64;
        let solid = self
            .shape
            .is_none_or(|s| s.translucent < limits::TRANSLUCENT + allowance);
        let value = if solid { split } else { 1.0 };
        Measured { value, limit: 2.0 }
    }

    /// 1 if there is no T, 0 if there is one.
    pub fn without_block(&self) -> Measured {
        let gone = self.tracked.block_confidence < limits::NO_BLOCK;
        let value = if gone { 1.0 } else { 0.0 };
        Measured { value, limit: 1.0 }
    }
}

/// First and last frame of the segments in which the T melts, is in pieces or missing; empty if the images are not
/// legible.
pub(crate) fn broken(frames: &[FrameAudit], picture: &ClipPicture) -> Vec<[usize; 2]> {
    if !picture.is_legible() {
        return Vec::new();
    }
    let of = |measure: &dyn Fn(&FrameAudit) -> Option<Measured>| {
        let marks = frames.iter().enumerate().filter_map(|(frame, audit)| {
            let measured = measure(audit).filter(Measured::is_beyond)?;
            let at = None;
            Some(FlaggedFrame { frame, measured, at })
        });
        segments(LEAST, marks)
    };
    let melting = of(&|frame| frame.melting(picture));
    let split = of(&|frame| Some(frame.pieces(picture)));
    let gone = of(&|frame| Some(frame.without_block()));
    let all = melting.into_iter().chain(split).chain(gone);
    all.map(|segment| segment.frames).collect()
}
