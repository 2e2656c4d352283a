//! Findings from marked frames.

use pusht_vision::flagged::{FlaggedFrame, FlaggedSegment, segments};

use super::{Finding, FindingKind};

/// Joins marks of neighboring frames to findings; those of fewer than `least` frames are left out.
pub(super) fn runs(kind: FindingKind, least: usize, marks: impl Iterator<Item = FlaggedFrame>) -> Vec<Finding> {
    let found = segments(least, marks).into_iter();
    let finding = |segment: FlaggedSegment| Finding {
        kind,
        frames: segment.frames,
        value: segment.worst.measured.value,
        threshold: segment.worst.measured.limit,
        worst: segment.worst.frame,
        at: segment.worst.at,
        simulated: None,
    };
    found.map(finding).collect()
}
