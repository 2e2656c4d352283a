//! What a source knows of the times of its frames before it gives them.

/// Longest time that a frame is shown, seconds; more is taken for a wrong time stamp.
pub(crate) const LONGEST_PAUSE: i64 = 60;

/// What a source knows of the times of its frames.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Timing {
    /// When the last frame ends, in ticks after the first; `None` if it is not known or not yet.
    pub(crate) end: Option<i64>,
    /// Time between frames, in ticks, if it is the same for nearly all that are not shown longer.
    pub(crate) usual: Option<i64>,
    /// What is wrong with the times, if anything is: a sentence without a period.
    pub(crate) fault: Option<String>,
}

impl Timing {
    /// [`Timing::usual`] of frames with these times. Videos drop frames that equal the one before, and show that one
    /// longer; apart from such, nine of ten intervals must be alike within a tenth and a tick.
    pub(crate) fn usual_of(times: &[i64]) -> Option<i64> {
        let intervals = times.windows(2).map(|pair| pair[1].saturating_sub(pair[0]));
        let mut intervals: Vec<i64> = intervals.filter(|interval| *interval > 0).collect();
        intervals.sort_unstable();
        let short = intervals.get(intervals.len() / 10)?;
        let longer = intervals.partition_point(|interval| interval.saturating_mul(2) <= short.saturating_mul(3));
        let usual = intervals[longer / 2];
        let alike = |interval: &&i64| interval.abs_diff(usual) <= usual.unsigned_abs() / 10 + 1;
        let count = intervals[..longer].iter().filter(alike).count();
        (10 * count >= 9 * longer).then_some(usual)
    }
}

#[cfg(test)]
#[path = "../../tests/unit/timing.rs"]
mod tests;
