//! Peak signal-to-noise ratio.

use image::RgbImage;

/// The ratio of identical videos, dB.
const SAME: f64 = 99.0;

/// 10 log₁₀(255² / mean squared difference) over all pixels of all pairs of frames, dB; at most 99. Both frames of a
/// pair must have the same size.
pub fn psnr<'a>(pairs: impl IntoIterator<Item = (&'a RgbImage, &'a RgbImage)>) -> f64 {
    let (mut sum, mut count) = (0.0, 0.0);
    for (a, b) in pairs {
        for (a, b) in a.as_raw().iter().zip(b.as_raw()) {
            sum += (f64::from(*a) - f64::from(*b)).powi(2);
            count += 1.0;
        }
    }
    if sum > 0.0 {
        (10.0 * (255.0_f64.powi(2) * count / sum).log10()).min(SAME)
    } else {
        SAME
    }
}
