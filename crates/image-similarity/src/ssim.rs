//! Structural similarity of two images: Wang, Bovik, Sheikh, Simoncelli, "Image quality assessment: from error
//! visibility to structural similarity", 2004, equation 13 with its constants, averaged over all positions at which the
//! window fits.

use crate::SimilarityError;
use image::RgbImage;

/// Side of the window.
const WINDOW: usize = 11;

/// Standard deviation of the window's Gaussian, pixels.
const SIGMA: f64 = 1.5;

/// (0.01 · 255)² and (0.03 · 255)².
const C1: f64 = 6.5025;
const C2: f64 = 58.5225;

/// Mean SSIM of two RGB images of the same size, 1 for equal ones: the mean of the three channels' SSIM.
///
/// With weights w of an 11 × 11 Gaussian (σ = 1.5, sum 1), μ the weighted means, σ² and σ_xy the weighted variances and
/// covariance (not corrected for the sample),
///
/// ```text
/// SSIM = (2 μ_x μ_y + C1) (2 σ_xy + C2) / ((μ_x² + μ_y² + C1) (σ_x² + σ_y² + C2)).
/// ```
///
/// # Errors
/// Images of different sizes, or smaller than the window.
pub fn ssim(a: &RgbImage, b: &RgbImage) -> Result<f64, SimilarityError> {
    let ((width, height), other) = (a.dimensions(), b.dimensions());
    if (width, height) != other {
        return Err(SimilarityError::Sizes {
            left: [width, height],
            right: [other.0, other.1],
        });
    }
    if width.min(height) < WINDOW as u32 {
        return Err(SimilarityError::Small {
            found: [width, height],
            least: WINDOW as u32,
        });
    }
    let weights = gaussian();
    let channel = |frame: &RgbImage, c: usize| -> Vec<f64> {
        let pixels = frame.as_raw().chunks_exact(3);
        pixels.map(|p| f64::from(p[c])).collect()
    };
    let of_channel = |c: usize| {
        let (x, y) = (channel(a, c), channel(b, c));
        let blur = |of: fn(f64, f64) -> f64| {
            let product: Vec<f64> = x.iter().zip(&y).map(|(&x, &y)| of(x, y)).collect();
            filter(&product, width as usize, &weights)
        };
        let moments = [
            blur(|x, _| x),
            blur(|_, y| y),
            blur(|x, _| x * x),
            blur(|_, y| y * y),
            blur(|x, y| x * y),
        ];
        let count = moments[0].len();
        let at = |i: usize| {
            let [mx, my, xx, yy, xy] = [0, 1, 2, 3, 4].map(|m: usize| moments[m][i]);
            let (vx, vy, cov) = (xx - mx * mx, yy - my * my, xy - mx * my);
            (2.0 * mx * my + C1) * (2.0 * cov + C2) / ((mx * mx + my * my + C1) * (vx + vy + C2))
        };
        (0..count).map(at).sum::<f64>() / count as f64
    };
    Ok((0..3).map(of_channel).sum::<f64>() / 3.0)
}

/// SSIM of each pair of frames of two videos of the same length.
///
/// # Errors
/// Different lengths; as [`ssim`].
pub fn video_ssim(a: &[RgbImage], b: &[RgbImage]) -> Result<Vec<f64>, SimilarityError> {
    if a.len() != b.len() {
        return Err(SimilarityError::Lengths {
            left: a.len(),
            right: b.len(),
        });
    }
    a.iter().zip(b).map(|(a, b)| ssim(a, b)).collect()
}

fn gaussian() -> [f64; WINDOW] {
    let middle = (WINDOW / 2) as f64;
    let weights: [f64; WINDOW] = std::array::from_fn(|i| (-0.5 * ((i as f64 - middle) / SIGMA).powi(2)).exp());
    let sum: f64 = weights.iter().sum();
    weights.map(|w| w / sum)
}

/// Weighted sums over all windows that fit, row by row.
fn filter(picture: &[f64], width: usize, weights: &[f64; WINDOW]) -> Vec<f64> {
    let dot = |values: &mut dyn Iterator<Item = f64>| values.zip(weights).map(|(v, w)| v * w).sum::<f64>();
    let fits = width - WINDOW + 1;
    let across: Vec<f64> = picture
        .chunks_exact(width)
        .flat_map(|row| row.windows(WINDOW).map(|w| dot(&mut w.iter().copied())))
        .collect();
    let rows = across.len() / fits - WINDOW + 1;
    (0..rows * fits)
        .map(|at| dot(&mut across[at..].iter().step_by(fits).copied()))
        .collect()
}
