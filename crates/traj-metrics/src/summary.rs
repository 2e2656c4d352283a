//! Mean, population standard deviation, quantiles.

use crate::error::{MetricError, check_values};
use serde::{Deserialize, Serialize};

/// Mean and population standard deviation of values.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct MeanSd {
    /// (1/n) Σ x.
    pub mean: f64,
    /// √((1/n) Σ (x − mean)²).
    pub sd: f64,
}

impl MeanSd {
    /// Computes both from finite values, in the unit of the values.
    ///
    /// # Errors
    /// No values; a value that is NaN or infinite.
    pub fn of(values: &[f64]) -> Result<Self, MetricError> {
        check_values(values)?;
        Ok(Self::of_checked(values))
    }

    /// Like [`Self::of`], for at least one value, all known to be finite.
    pub(crate) fn of_checked(values: &[f64]) -> Self {
        let n = values.len() as f64;
        let mean = values.iter().sum::<f64>() / n;
        let sd = (values.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / n).sqrt();
        Self { mean, sd }
    }
}

/// Summary statistics of values.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Summary {
    /// Number of values.
    pub count: usize,
    /// (1/n) Σ x.
    pub mean: f64,
    /// √((1/n) Σ (x − mean)²).
    pub sd: f64,
    /// Smallest value.
    pub min: f64,
    /// Median; the mean of the two middle values of an even number.
    pub median: f64,
    /// Largest value.
    pub max: f64,
}

impl Summary {
    /// Computes all from finite values, in the unit of the values.
    ///
    /// # Errors
    /// No values; a value that is NaN or infinite.
    pub fn of(values: &[f64]) -> Result<Self, MetricError> {
        check_values(values)?;
        Ok(Self::of_checked(values))
    }

    /// Like [`Self::of`], for at least one value, all known to be finite.
    pub(crate) fn of_checked(values: &[f64]) -> Self {
        let MeanSd { mean, sd } = MeanSd::of_checked(values);
        let mut sorted = values.to_vec();
        sorted.sort_by(f64::total_cmp);
        Self {
            count: sorted.len(),
            mean,
            sd,
            min: sorted[0],
            median: quantile(&sorted, 0.5),
            max: sorted[sorted.len() - 1],
        }
    }
}

/// Lower quartile, median and upper quartile of finite values, by the rule of [`Summary::median`]: linear between
/// neighbors, position q (n − 1).
///
/// # Errors
/// No values; a value that is NaN or infinite.
pub fn quartiles(values: &[f64]) -> Result<[f64; 3], MetricError> {
    check_values(values)?;
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    Ok([0.25, 0.5, 0.75].map(|q| quantile(&sorted, q)))
}

/// Quantile `q` in [0, 1] of sorted values, linear between neighbors: position q (n − 1), numpy's default.
pub(crate) fn quantile(sorted: &[f64], q: f64) -> f64 {
    let at = q * (sorted.len() - 1) as f64;
    let (low, high) = (sorted[at.floor() as usize], sorted[at.ceil() as usize]);
    low + (high - low) * at.fract()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_figures() {
        let s = Summary::of(&[4.0, 1.0, 3.0, 2.0]).unwrap();
        assert_eq!((s.count, s.mean, s.min, s.median, s.max), (4, 2.5, 1.0, 2.5, 4.0));
        assert_eq!(s.sd, 1.25f64.sqrt());
        assert_eq!(quantile(&[0.0, 10.0], 0.025), 0.25);
        assert_eq!(quartiles(&[4.0, 1.0, 3.0, 2.0]), Ok([1.75, 2.5, 3.25]));
    }

    #[test]
    fn refuses_nothing_and_nan() {
        assert_eq!(Summary::of(&[]), Err(MetricError::Empty));
        assert!(matches!(
            MeanSd::of(&[0.0, f64::NAN]),
            Err(MetricError::BadValue { index: 1, .. })
        ));
    }
}
