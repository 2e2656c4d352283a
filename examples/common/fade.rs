//! Clips that nobody can execute.

use pusht_env::Frame;

/// The first frame fading into the last one, as many frames in all.
pub fn cross_fade(frames: &[Frame]) -> Vec<Frame> {
    let (Some(first), Some(last)) = (frames.first(), frames.last()) else {
        return Vec::new();
    };
    let fade = |t: usize| {
        let share = t as f64 / (frames.len() - 1).max(1) as f64;
        let mut out = first.clone();
        for (a, b) in out.iter_mut().zip(last.iter()) {
            *a = (f64::from(*a) * (1.0 - share) + f64::from(*b) * share).round() as u8;
        }
        out
    };
    (0..frames.len()).map(fade).collect()
}
