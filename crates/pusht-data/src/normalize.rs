//! Normalization: images per channel, actions per coordinate; always fitted on the training part only.

use pusht_env::{Action, Frame};
use serde::{Deserialize, Serialize};

/// Mean and population standard deviation of each color channel, on the scale 0 to 1 (pixel / 255).
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct FrameNorm {
    /// Red, green, blue.
    pub mean: [f32; 3],
    /// Red, green, blue; at least 1/255, so that a constant channel stays finite.
    pub std: [f32; 3],
}

impl FrameNorm {
    /// Fits to frames; sums are integers, so the result does not depend on their order. `None` without frames.
    pub fn fit<'a>(frames: impl IntoIterator<Item = &'a Frame>) -> Option<Self> {
        let (mut n, mut sum, mut squares) = (0_u64, [0_u64; 3], [0_u64; 3]);
        for frame in frames {
            n += u64::from(frame.width()) * u64::from(frame.height());
            for pixel in frame.as_raw().chunks_exact(3) {
                for c in 0..3 {
                    let x = u64::from(pixel[c]);
                    sum[c] += x;
                    squares[c] += x * x;
                }
            }
        }
        if n == 0 {
            return None;
        }
        let moment = |c: usize| {
            let mean = sum[c] as f64 / n as f64;
            let variance = (squares[c] as f64 / n as f64 - mean * mean).max(0.0);
            (mean / 255.0, (variance.sqrt() / 255.0).max(1.0 / 255.0))
        };
        Some(Self {
            mean: [0, 1, 2].map(|c| moment(c).0 as f32),
            std: [0, 1, 2].map(|c| moment(c).1 as f32),
        })
    }

    /// The normalized pixel: (pixel / 255 − mean) / std.
    pub fn normalize(&self, pixel: [u8; 3]) -> [f32; 3] {
        [0, 1, 2].map(|c| (f32::from(pixel[c]) / 255.0 - self.mean[c]) / self.std[c])
    }

    /// Inverts [`FrameNorm::normalize`], rounded and clamped to 0…255.
    pub fn denormalize(&self, value: [f32; 3]) -> [u8; 3] {
        [0, 1, 2].map(|c| ((value[c] * self.std[c] + self.mean[c]) * 255.0).round() as u8)
    }
}

/// An affine map of actions, per coordinate: (action − offset) / scale.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct ActionNorm {
    /// px, x and y.
    pub offset: [f32; 2],
    /// px, x and y; at least 10⁻³, so that a constant coordinate stays finite.
    pub scale: [f32; 2],
}

const SMALLEST_SCALE: f64 = 1e-3;

impl ActionNorm {
    /// Maps the smallest and largest value to −1 and 1, as Diffusion Policy does. `None` without actions.
    pub fn limits(actions: &[Action]) -> Option<Self> {
        if actions.is_empty() {
            return None;
        }
        let bounds = [0, 1].map(|k| {
            actions
                .iter()
                .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), a| {
                    (low.min(f64::from(a[k])), high.max(f64::from(a[k])))
                })
        });
        Some(Self {
            offset: bounds.map(|(low, high)| f64::midpoint(low, high) as f32),
            scale: bounds.map(|(low, high)| ((high - low) / 2.0).max(SMALLEST_SCALE) as f32),
        })
    }

    /// Maps to mean 0 and (population) standard deviation 1. `None` without actions.
    pub fn moments(actions: &[Action]) -> Option<Self> {
        if actions.is_empty() {
            return None;
        }
        let n = actions.len() as f64;
        let moments = [0, 1].map(|k| {
            let mean = actions.iter().map(|a| f64::from(a[k])).sum::<f64>() / n;
            let variance = actions.iter().map(|a| (f64::from(a[k]) - mean).powi(2)).sum::<f64>() / n;
            (mean, variance.sqrt())
        });
        Some(Self {
            offset: moments.map(|m| m.0 as f32),
            scale: moments.map(|m| m.1.max(SMALLEST_SCALE) as f32),
        })
    }

    /// The normalized action: (action − offset) / scale.
    pub fn normalize(&self, action: Action) -> [f32; 2] {
        [0, 1].map(|k| (action[k] - self.offset[k]) / self.scale[k])
    }

    /// Inverts [`ActionNorm::normalize`]; px.
    pub fn denormalize(&self, value: [f32; 2]) -> Action {
        [0, 1].map(|k| value[k] * self.scale[k] + self.offset[k])
    }
}
