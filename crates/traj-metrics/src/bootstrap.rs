//! Percentile bootstrap intervals of a mean: plain, paired by start, and over seeds × episodes.

use crate::error::{MetricError, check_values};
use crate::summary::quantile;
use rand::{RngExt, SeedableRng};
use rand_pcg::Pcg64;
use serde::{Deserialize, Serialize};

/// Settings of a percentile bootstrap. The same settings and values give the same interval.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Bootstrap {
    /// Number of resamples.
    pub resamples: usize,
    /// Share of the resampled means inside the interval, between 0 and 1.
    pub level: f64,
    /// Seed of the resampling.
    pub seed: u64,
}

impl Default for Bootstrap {
    /// 10,000 resamples, 95 %, seed 0.
    fn default() -> Self {
        Self {
            resamples: 10_000,
            level: 0.95,
            seed: 0,
        }
    }
}

/// A mean with its interval, in the unit of the values.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Interval {
    /// Mean of the values themselves (not of the resamples).
    pub mean: f64,
    /// Lower bound.
    pub low: f64,
    /// Upper bound.
    pub high: f64,
}

impl Interval {
    /// Distance between the bounds.
    pub fn width(&self) -> f64 {
        self.high - self.low
    }

    /// True when `value` lies between the bounds, or on one.
    pub fn contains(&self, value: f64) -> bool {
        self.low <= value && value <= self.high
    }
}

impl Bootstrap {
    /// Interval of the mean of independent values: each resample draws n of them with replacement.
    ///
    /// # Errors
    /// No values; a value that is NaN or infinite; settings that give no interval.
    pub fn mean(&self, values: &[f64]) -> Result<Interval, MetricError> {
        check_values(values)?;
        self.interval(mean(values), |rng| draw_mean(rng, values))
    }

    /// Interval of the mean of a_i − b_i, where a_i and b_i belong together (the same start): pairs are drawn.
    ///
    /// # Errors
    /// As [`Bootstrap::mean`]; unequal numbers of values.
    pub fn paired_difference(&self, a: &[f64], b: &[f64]) -> Result<Interval, MetricError> {
        check_values(a)?;
        check_values(b)?;
        if a.len() != b.len() {
            return Err(MetricError::Unequal {
                what: "paired values",
                left: a.len(),
                right: b.len(),
            });
        }
        self.mean(&a.iter().zip(b).map(|(a, b)| a - b).collect::<Vec<_>>())
    }

    /// Interval of the mean of a table `values[seed][episode]`, whose column j has the same start in every row. Each
    /// resample draws rows and columns, both with replacement, and takes the mean of the crossings, so the interval
    /// speaks about other training seeds and other starts. With one row it is [`Bootstrap::mean`]'s kind of interval.
    ///
    /// Percentile intervals over few seeds are too narrow; `docs/metrics.md` has the measured coverage.
    ///
    /// # Errors
    /// No rows; rows of unequal length or without values; a value that is NaN or infinite; settings that give no
    /// interval.
    pub fn two_level<R: AsRef<[f64]>>(&self, values: &[R]) -> Result<Interval, MetricError> {
        let episodes = check_table(values)?;
        self.interval(table_mean(values), |rng| {
            let columns = draw(rng, episodes);
            draw_table_mean(rng, values, &columns)
        })
    }

    /// Interval of mean(a) − mean(b) of two tables as in [`Bootstrap::two_level`], paired by start: each resample draws
    /// one set of columns for both tables, and rows of each table by itself, so the tables may differ in their number
    /// of rows (a floor without training has one).
    ///
    /// # Errors
    /// As [`Bootstrap::two_level`], for either table; unequal numbers of episodes.
    pub fn two_level_difference<R: AsRef<[f64]>, S: AsRef<[f64]>>(
        &self,
        a: &[R],
        b: &[S],
    ) -> Result<Interval, MetricError> {
        let (left, right) = (check_table(a)?, check_table(b)?);
        if left != right {
            return Err(MetricError::Unequal {
                what: "episodes a seed",
                left,
                right,
            });
        }
        self.interval(table_mean(a) - table_mean(b), |rng| {
            let columns = draw(rng, left);
            draw_table_mean(rng, a, &columns) - draw_table_mean(rng, b, &columns)
        })
    }

    /// Percentiles of as many draws of the statistic as asked for.
    fn interval(&self, mean: f64, mut statistic: impl FnMut(&mut Pcg64) -> f64) -> Result<Interval, MetricError> {
        let Self { resamples, level, seed } = *self;
        if resamples == 0 || !(level > 0.0 && level < 1.0) {
            return Err(MetricError::Bootstrap { resamples, level });
        }
        let mut rng = Pcg64::seed_from_u64(seed);
        let mut means: Vec<f64> = (0..resamples).map(|_| statistic(&mut rng)).collect();
        means.sort_by(f64::total_cmp);
        let tail = (1.0 - level) / 2.0;
        Ok(Interval {
            mean,
            low: quantile(&means, tail),
            high: quantile(&means, 1.0 - tail),
        })
    }
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

fn draw_mean(rng: &mut Pcg64, values: &[f64]) -> f64 {
    let n = values.len();
    (0..n).map(|_| values[rng.random_range(0..n)]).sum::<f64>() / n as f64
}

/// n indices below n, with replacement.
fn draw(rng: &mut Pcg64, n: usize) -> Vec<usize> {
    (0..n).map(|_| rng.random_range(0..n)).collect()
}

fn draw_table_mean<R: AsRef<[f64]>>(rng: &mut Pcg64, values: &[R], columns: &[usize]) -> f64 {
    let rows = draw(rng, values.len());
    let sum: f64 = rows
        .iter()
        .map(|&r| columns.iter().map(|&c| values[r].as_ref()[c]).sum::<f64>())
        .sum();
    sum / (rows.len() * columns.len()) as f64
}

fn table_mean<R: AsRef<[f64]>>(values: &[R]) -> f64 {
    mean(&values.iter().map(|row| mean(row.as_ref())).collect::<Vec<_>>())
}

/// Number of columns of a proper table.
fn check_table<R: AsRef<[f64]>>(values: &[R]) -> Result<usize, MetricError> {
    let expected = values.first().ok_or(MetricError::Empty)?.as_ref().len();
    for (row, found) in values.iter().map(AsRef::as_ref).enumerate() {
        if found.len() != expected || expected == 0 {
            return Err(MetricError::Ragged {
                row,
                found: found.len(),
                expected,
            });
        }
        check_values(found)?;
    }
    Ok(expected)
}
