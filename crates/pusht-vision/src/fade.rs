//! Cross-fades: a baseline for generated clips that needs no model.

use pusht_env::Frame;

/// A linear cross-fade from `start` to `end` with `frames` frames.
pub fn cross_fade(start: &Frame, end: &Frame, frames: usize) -> Vec<Frame> {
    let fade = |i: usize| {
        let share = i as f64 / frames.saturating_sub(1).max(1) as f64;
        let mut frame = start.clone();
        for (a, b) in frame.iter_mut().zip(end.iter()) {
            *a = (f64::from(*a) * (1.0 - share) + f64::from(*b) * share).round() as u8;
        }
        frame
    };
    (0..frames).map(fade).collect()
}
