//! Decides which actions of a video can be trusted.
//!
//! Every frame is checked by itself. A rejected frame t rejects three actions: those at t − 1 (whose effect it shows),
//! t and t + 1. The remaining frames are cut into segments.

use std::collections::BTreeMap;
use std::fmt;
use std::ops::Range;

use pusht_vision::{FrameMeasures, Tracked};
use serde::{Deserialize, Serialize};

/// Shorter segments are dropped: no policy and no metric here reads fewer frames.
pub const MIN_SEGMENT_FRAMES: usize = 16;

/// Longer segments are cut, so that an episode always fits into memory.
pub const MAX_SEGMENT_FRAMES: usize = 1024;

/// Confidences below which a position is not trusted. Clean frames have 0.97 (agent) and 0.95 (T), H.264 of 96 × 96 px
/// 0.62 and 0.76.
const AGENT_CONFIDENCE: f64 = 0.3;
const BLOCK_CONFIDENCE: f64 = 0.45;

/// Gray area that counts as one T, relative to the area of a T; the agent, ticks and walls may hide a part.
const BLOCK_AREA: Range<f64> = 0.55..1.6;

/// Distance from the board, px, beyond which an action is rejected: no agent is given such a target.
const BEYOND: f32 = 25.0;

/// The reason why an action is not trusted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RejectReason {
    /// No agent in the frame, or only with low confidence.
    NoAgent,
    /// More than one agent in the frame.
    SeveralAgents,
    /// No T, too much or too little of it, a T in several pieces, or one that does not have the shape of a T.
    NoBlock,
    /// The video has no new frame here: its rate is below 10 Hz, or its times are irregular.
    Repeated,
    /// The agent or the T jumps in the step of the action: the scene is cut, or frames are missing.
    Jump,
    /// The times of the video do not tell which frames are 0.1 s apart.
    UnclearTimes,
    /// The action lies more than 25 px outside the board.
    OffBoard,
    /// The inverse dynamics method gives no action here (at the start or end of the video).
    NoAction,
    /// The remaining segment is shorter than [`MIN_SEGMENT_FRAMES`].
    TooShort,
}

/// The name of the reason in `label.json`.
impl fmt::Display for RejectReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.serialize(f)
    }
}

/// The reason to reject a single frame, if any.
pub(crate) fn reject_reason(tracked: &Tracked, measures: &FrameMeasures, repeated: bool) -> Option<RejectReason> {
    if measures.agents > 1 {
        Some(RejectReason::SeveralAgents)
    } else if tracked.agent.is_none() || tracked.agent_confidence < AGENT_CONFIDENCE {
        Some(RejectReason::NoAgent)
    } else if tracked.block_confidence < BLOCK_CONFIDENCE
        || !BLOCK_AREA.contains(&measures.block_area)
        || measures.pieces != 1
    {
        Some(RejectReason::NoBlock)
    } else if repeated {
        Some(RejectReason::Repeated)
    } else {
        None
    }
}

/// Segments of frames whose actions can be trusted, and for every frame the reason why its action is not. `actions` has
/// the action of each frame, where it has one.
pub(crate) fn segments(
    frames: &[Option<RejectReason>],
    actions: &[Option<[f32; 2]>],
) -> (Vec<Range<usize>>, Vec<Option<RejectReason>>) {
    let mut rejections: Vec<Option<RejectReason>> = (0..frames.len())
        .map(|t| {
            let around = &frames[t.saturating_sub(1)..(t + 2).min(frames.len())];
            let first = frames[t].or_else(|| around.iter().copied().flatten().next());
            first.or_else(|| match actions.get(t).copied().flatten() {
                None => Some(RejectReason::NoAction),
                Some(action) if action.iter().all(|a| (-BEYOND..512.0 + BEYOND).contains(a)) => None,
                Some(_) => Some(RejectReason::OffBoard),
            })
        })
        .collect();
    let mut found = Vec::new();
    let mut at = 0;
    while at < rejections.len() {
        let run = rejections[at..].iter().take_while(|d| d.is_none()).count();
        let mut left = run;
        while left >= MIN_SEGMENT_FRAMES {
            let length = left.min(MAX_SEGMENT_FRAMES);
            let start = at + run - left;
            found.push(start..start + length);
            left -= length;
        }
        rejections[at + run - left..at + run].fill(Some(RejectReason::TooShort));
        at += run.max(1);
    }
    (found, rejections)
}

/// Number of frames by the reason why their actions are not trusted.
pub(crate) fn counts(reasons: &[Option<RejectReason>]) -> BTreeMap<RejectReason, usize> {
    let mut dropped = BTreeMap::new();
    for reason in reasons.iter().flatten() {
        *dropped.entry(*reason).or_default() += 1;
    }
    dropped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn doubt_spreads_to_its_neighbors_and_short_rests_are_dropped() {
        let mut frames = vec![None; 60];
        frames[20] = Some(RejectReason::SeveralAgents);
        frames[30] = Some(RejectReason::NoBlock);
        let mut actions = vec![Some([256.0, 256.0]); 60];
        actions[59] = None;
        actions[50] = Some([600.0, 0.0]);
        let (found, reasons) = segments(&frames, &actions);
        assert_eq!(found, [0..19, 32..50]);
        let trusted = |t: &usize| found.iter().any(|segment| segment.contains(t));
        assert!((0..60).all(|t| reasons[t].is_none() == trusted(&t)));
        let expected = [
            (RejectReason::SeveralAgents, 3),
            (RejectReason::NoBlock, 3),
            (RejectReason::OffBoard, 1),
            (RejectReason::NoAction, 1),
            // 22 to 28, and 51 to 58.
            (RejectReason::TooShort, 15),
        ];
        assert_eq!(counts(&reasons), expected.into_iter().collect());
    }

    #[test]
    fn long_stretches_are_cut() {
        let (found, reasons) = segments(&vec![None; 2060], &vec![Some([1.0, 1.0]); 2060]);
        assert_eq!(found, [0..1024, 1024..2048]);
        assert_eq!(counts(&reasons), [(RejectReason::TooShort, 12)].into_iter().collect());
    }
}
