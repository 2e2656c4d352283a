//! Detects frames with a broken T: melting, in pieces, or missing.

use super::{ClipPicture, FrameAudit};
use crate::FrameRange;
use crate::flagged::{FlaggedFrame, Measured, segments};
use crate::geometry::wall_depth;
use crate::limits;
use pusht_env::Pose;

/// Fewest frames of a segment.
const LEAST: usize = 2;

impl FrameAudit {
    /// Translucency or misfit of the T, whichever is larger, relative to its allowance; `None` for a frame without a T
    /// or with one that reaches beyond the walls.
    pub fn melting(&self, picture: &ClipPicture) -> Option<Measured> {
        // What lies beyond the walls is not missing.
        let on_board = |pose: &Pose| wall_depth(*pose) <= limits::BEYOND_WALL;
        self.tracked.block.filter(on_board)?;
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
}

/// 1 if a frame has no T, 0 if it has one, or if the T was pushed off the board: where it is seen last or next, it
/// reaches far beyond the walls.
pub fn without_block(frames: &[FrameAudit], frame: usize) -> Measured {
    let seen = |f: &FrameAudit| {
        f.tracked
            .block
            .filter(|_| f.tracked.block_confidence >= limits::NO_BLOCK)
    };
    let gone = seen(&frames[frame]).is_none() && {
        let before = frames[..frame].iter().rev().find_map(seen);
        let after = frames[frame..].iter().find_map(seen);
        let off_board = |pose: Pose| wall_depth(pose) > limits::LEAVING;
        !before.into_iter().chain(after).any(off_board)
    };
    let value = if gone { 1.0 } else { 0.0 };
    Measured { value, limit: 1.0 }
}

/// The segments in which the T melts, is in pieces or missing; empty if the images are not
/// legible.
pub(crate) fn broken(frames: &[FrameAudit], picture: &ClipPicture) -> Vec<FrameRange> {
    if !picture.is_legible() {
        return Vec::new();
    }
    let of = |measure: &dyn Fn(usize) -> Option<Measured>| {
        let marks = (0..frames.len()).filter_map(|frame| {
            let measured = measure(frame).filter(Measured::is_beyond)?;
            let at = None;
            Some(FlaggedFrame { frame, measured, at })
        });
        segments(LEAST, marks)
    };
    let melting = of(&|frame| frames[frame].melting(picture));
    let split = of(&|frame| Some(frames[frame].pieces(picture)));
    let gone = of(&|frame| Some(without_block(frames, frame)));
    let all = melting.into_iter().chain(split).chain(gone);
    all.map(|segment| segment.frames).collect()
}
