//! Tests of `src/read/timing.rs`.

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
