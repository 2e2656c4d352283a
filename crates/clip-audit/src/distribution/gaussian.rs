//! Gaussians of features, and the Fréchet distance between two of them (Dowson and Landau 1982).

use super::DistributionError;
use super::symmetric::Square;

/// Sums over the feature vectors of one clip: count, features, products of features.
#[derive(Clone, Debug)]
pub(crate) struct Sums {
    pub(crate) count: f64,
    first: Vec<f64>,
    second: Vec<f64>,
}

impl Sums {
    pub(crate) fn zero(features: usize) -> Self {
        Self {
            count: 0.0,
            first: vec![0.0; features],
            second: vec![0.0; features * features],
        }
    }

    /// Adds a vector.
    pub(crate) fn push(&mut self, row: &[f64]) {
        self.count += 1.0;
        for (sum, x) in self.first.iter_mut().zip(row) {
            *sum += x;
        }
        for (sums, x) in self.second.chunks_exact_mut(row.len()).zip(row) {
            for (sum, y) in sums.iter_mut().zip(row) {
                *sum += x * y;
            }
        }
    }

    fn add(&mut self, other: &Self) {
        self.count += other.count;
        for (sum, x) in self.first.iter_mut().zip(&other.first) {
            *sum += x;
        }
        for (sum, x) in self.second.iter_mut().zip(&other.second) {
            *sum += x;
        }
    }
}

/// Mean and covariance of the features of many windows or clips.
pub(crate) struct Gaussian {
    pub(crate) mean: Vec<f64>,
    pub(crate) covariance: Square,
}

impl Gaussian {
    /// Mean and sample covariance (divided by n − 1).
    pub(crate) fn of<'a>(features: usize, clips: impl Iterator<Item = &'a Sums>) -> Self {
        let mut all = Sums::zero(features);
        for clip in clips {
            all.add(clip);
        }
        let n = all.count;
        let mean: Vec<f64> = all.first.iter().map(|s| s / n).collect();
        let entry = |i: usize, j: usize| (all.second[i * features + j] - n * mean[i] * mean[j]) / (n - 1.0);
        Self {
            covariance: Square::new(features, entry),
            mean,
        }
    }

    /// |μ₁ − μ₂|² + tr(Σ₁ + Σ₂ − 2 (Σ₁^½ Σ₂ Σ₁^½)^½).
    pub(crate) fn distance(&self, other: &Self) -> f64 {
        let apart: f64 = self.mean.iter().zip(&other.mean).map(|(a, b)| (a - b).powi(2)).sum();
        let half = self.covariance.clone().root();
        let (values, _) = half.times(&other.covariance).times(&half).eigen();
        let common: f64 = values.iter().map(|x| x.max(0.0).sqrt()).sum();
        (apart + self.covariance.trace() + other.covariance.trace() - 2.0 * common).max(0.0)
    }
}

/// The Fréchet distance between Gaussians of any feature vectors, one per row. With features of a network this is FID
/// (Heusel et al. 2017) or FVD (Unterthiner et al. 2018).
///
/// # Errors
/// Fewer than two vectors in a set, vectors of different lengths or without entries, an entry that is not finite.
pub fn frechet_of_features(a: &[Vec<f64>], b: &[Vec<f64>]) -> Result<f64, DistributionError> {
    let features = a.first().map_or(0, Vec::len);
    let gaussian = |set: &'static str, rows: &[Vec<f64>]| {
        if rows.len() < 2 || features == 0 {
            return Err(DistributionError::TooFewVectors {
                set,
                found: rows.len(),
                features,
            });
        }
        // Relative to a common origin, so that large means do not lose precision.
        let origin = &a[0];
        let mut sums = Sums::zero(features);
        for (index, row) in rows.iter().enumerate() {
            if row.len() != features || !row.iter().all(|x| x.is_finite()) {
                return Err(DistributionError::Vector {
                    set,
                    index,
                    found: row.len(),
                    features,
                });
            }
            let row: Vec<f64> = row.iter().zip(origin).map(|(x, o)| x - o).collect();
            sums.push(&row);
        }
        Ok(Gaussian::of(features, [&sums].into_iter()))
    };
    Ok(gaussian("the first set", a)?.distance(&gaussian("the second set", b)?))
}
