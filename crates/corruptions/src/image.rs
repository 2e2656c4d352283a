//! Corruptions of the images, which need only the frames.

use pusht_env::Frame;
use pusht_vision::geometry::moved;
use rand::{RngExt, SeedableRng};
use rand_pcg::Pcg64;

use crate::clip::Clip;
use crate::error::CorruptionError;
use crate::random::normal_pair;

/// Smallest displacement of the T for a cross-fade, px.
const LEAST_WAY: f64 = 40.0;

/// Mixes every frame with the cross-fade from the first to the last one; `amount` is the share of the cross-fade.
pub(crate) fn cross_fade(clip: &Clip, amount: f64) -> Option<Vec<Frame>> {
    let (first, last) = (clip.states.first()?, clip.states.last()?);
    if moved(first.block, last.block) < LEAST_WAY {
        return None;
    }
    let (start, end) = (clip.frames.first()?, clip.frames.last()?);
    let share = amount as f32;
    let steps = (clip.frames.len() - 1) as f32;
    let frame = |(t, frame): (usize, &Frame)| {
        let along = t as f32 / steps;
        let mut out = frame.clone();
        let ends = start.as_raw().iter().zip(end.as_raw());
        for (level, (&a, &b)) in out.iter_mut().zip(ends) {
            let faded = f32::from(a) + along * (f32::from(b) - f32::from(a));
            *level = (f32::from(*level) + share * (faded - f32::from(*level))).round() as u8;
        }
        out
    };
    Some(clip.frames.iter().enumerate().map(frame).collect())
}

/// Gaussian blur of `amount` pixels of a 96 × 96 frame.
pub(crate) fn blur(clip: &Clip, amount: f64) -> Vec<Frame> {
    let sigma = amount * f64::from(clip.size()) / 96.0;
    clip.frames.iter().map(|frame| blurred(frame, sigma)).collect()
}

fn blurred(frame: &Frame, sigma: f64) -> Frame {
    let reach = (4.0 * sigma).ceil() as i64;
    let weights: Vec<f64> = (-reach..=reach)
        .map(|k| (-0.5 * (k as f64 / sigma).powi(2)).exp())
        .collect();
    let total: f64 = weights.iter().sum();
    let (width, height) = (frame.width() as usize, frame.height() as usize);
    let mut now: Vec<f64> = frame.as_raw().iter().copied().map(f64::from).collect();
    for (step, along, length) in [(1, 0, width), (width, 1, height)] {
        let mut next = vec![0.0; now.len()];
        for at in 0..width * height {
            let place = if along == 0 { at % width } else { at / width };
            for (k, weight) in (-reach..=reach).zip(&weights) {
                let other = (place as i64 + k).clamp(0, length as i64 - 1) as usize;
                let from = at + other * step - place * step;
                for c in 0..3 {
                    next[3 * at + c] += weight / total * now[3 * from + c];
                }
            }
        }
        now = next;
    }
    let raw = now.iter().map(|v| v.round() as u8).collect();
    Frame::from_raw(frame.width(), frame.height(), raw).unwrap_or_default()
}

/// White noise with a standard deviation of `amount` levels.
pub(crate) fn noise(clip: &Clip, amount: f64, seed: u64) -> Vec<Frame> {
    let mut rng = Pcg64::seed_from_u64(seed);
    let mut frames = clip.frames.clone();
    for level in frames.iter_mut().flat_map(|f| f.iter_mut()) {
        *level = (f64::from(*level) + amount * normal_pair(&mut rng)[0])
            .round()
            .clamp(0.0, 255.0) as u8;
    }
    frames
}

/// Encodes and decodes with H.264 at quantizer `amount`.
pub(crate) fn compress(clip: &Clip, amount: f64) -> Result<Vec<Frame>, CorruptionError> {
    Ok(video_io::h264_round_trip(&clip.frames, 10, amount as u8)?.0)
}

/// The whole frame changes its colors over the first half of the clip: white loses `amount` levels in one channel, none
/// in another, and something between in the third.
pub(crate) fn tint(clip: &Clip, amount: f64, seed: u64) -> Vec<Frame> {
    let mut rng = Pcg64::seed_from_u64(seed);
    let mut losses = [amount, amount * rng.random::<f64>(), 0.0];
    for k in (1..3).rev() {
        losses.swap(k, rng.random_range(0..=k));
    }
    let ramp = (clip.frames.len() / 2) as f64;
    let frame = |(t, frame): (usize, &Frame)| {
        let along = (t as f64 / ramp).min(1.0);
        let mut out = frame.clone();
        for (at, level) in out.iter_mut().enumerate() {
            *level = (f64::from(*level) * (1.0 - along * losses[at % 3] / 255.0)).round() as u8;
        }
        out
    };
    clip.frames.iter().enumerate().map(frame).collect()
}
