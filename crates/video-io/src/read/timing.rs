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
mod tests {
    use super::*;

    fn usual(intervals: &[i64]) -> Option<i64> {
        let mut time = 0;
        let times = intervals.iter().map(|interval| {
            time += interval;
            time
        });
        Timing::usual_of(&[0].into_iter().chain(times).collect::<Vec<_>>())
    }

    #[test]
    fn a_steady_rate_is_seen_through_frames_that_are_shown_longer() {
        assert_eq!(usual(&[10; 20]), Some(10));
        assert_eq!(usual(&[50, 10, 10, 10, 70, 10, 10, 20, 10]), Some(10));
        // Hundredths of a second at 30 Hz.
        assert_eq!(usual(&[3, 3, 4, 3, 3, 4, 3, 30, 4]), Some(3));
        assert_eq!(usual(&[20; 5]), Some(20));
    }

    #[test]
    fn irregular_times_have_no_rate() {
        let drawn: Vec<i64> = (0..40).map(|i| 20 + (i * 7919) % 160).collect();
        assert_eq!(usual(&drawn), None);
        assert_eq!(usual(&[]), None);
        assert_eq!(usual(&[0, 0]), None);
    }
}
