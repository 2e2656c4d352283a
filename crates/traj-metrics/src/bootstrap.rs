//! Percentile bootstrap intervals of a mean (plain, paired by start, over seeds × episodes), a median, or any
//! statistic.

use crate::error::{MetricError, check_values};
use crate::interval::{Bounds, Estimate, Interval};
use crate::summary::{quantile, quartiles};
use rand::{RngExt, SeedableRng};
use rand_pcg::Pcg64;
use serde::{Deserialize, Serialize};

/// Settings of a percentile bootstrap. The same settings and values give the same interval.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Bootstrap {
    /// Number of resamples.
    pub resamples: usize,
    /// Share of the resampled statistics inside the interval, between 0 and 1.
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

impl Bootstrap {
    /// Interval of the mean of independent values: each resample draws n of them with replacement. A single value has
    /// no interval.
    ///
    /// # Errors
    /// No values, a value that is NaN or infinite, or settings that give no interval.
    pub fn mean(&self, values: &[f64]) -> Result<Interval, MetricError> {
        check_values(values)?;
        self.interval(mean(values), values.len() > 1, |rng| draw_mean(rng, values))
    }

    /// Interval of the mean of a_i − b_i, for values paired by start: pairs are drawn.
    ///
    /// # Errors
    /// Those of [`Bootstrap::mean`]; unequal numbers of values.
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
    /// resample draws rows and columns, both with replacement, and takes the mean of the selected entries, so the
    /// interval covers other training seeds and other starts. With one row it covers other starts only, as
    /// [`Bootstrap::mean`] does; one value, of one seed and one episode, has no interval.
    ///
    /// Percentile intervals over few seeds are too narrow; `docs/metrics.md` has the measured coverage.
    ///
    /// # Errors
    /// No rows, rows of unequal length or without values, a value that is NaN or infinite, or settings that give no
    /// interval.
    pub fn two_level<R: AsRef<[f64]>>(&self, values: &[R]) -> Result<Interval, MetricError> {
        let episodes = check_table(values)?;
        self.interval(table_mean(values), values.len() * episodes > 1, |rng| {
            let columns = draw(rng, episodes);
            draw_table_mean(rng, values, &columns)
        })
    }

    /// Interval of mean(a) − mean(b) of two tables as in [`Bootstrap::two_level`], paired by start: each resample draws
    /// one set of columns for both tables, and rows of each table separately, so the tables may differ in their number
    /// of rows (a floor without training has one).
    ///
    /// # Errors
    /// Those of [`Bootstrap::two_level`], for either table; unequal numbers of episodes.
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
        let several = left > 1 || a.len() > 1 || b.len() > 1;
        self.interval(table_mean(a) - table_mean(b), several, |rng| {
            let columns = draw(rng, left);
            draw_table_mean(rng, a, &columns) - draw_table_mean(rng, b, &columns)
        })
    }

    /// Interval of the median of independent values, by the rule of [`Summary::median`](crate::Summary). A single value
    /// has no interval.
    ///
    /// # Errors
    /// Those of [`Bootstrap::mean`].
    pub fn median(&self, values: &[f64]) -> Result<Estimate, MetricError> {
        let [_, value, _] = quartiles(values)?;
        if values.len() == 1 {
            self.check()?;
            return Ok(Estimate { value, bounds: None });
        }
        let mut drawn = vec![0.0; values.len()];
        let draws = self.draws(&[values.len()], |sets| {
            for (drawn, &i) in drawn.iter_mut().zip(&sets[0]) {
                *drawn = values[i];
            }
            drawn.sort_by(f64::total_cmp);
            quantile(&drawn, 0.5)
        })?;
        Ok(Estimate {
            value,
            bounds: Some(self.bounds(&draws)?),
        })
    }

    /// Values of a statistic for each of the resamples. Each resample of sets of `counts[0]`, `counts[1]`, … items
    /// passes the statistic as many indices of each set, drawn with replacement.
    ///
    /// # Errors
    /// An empty set, or settings that give no interval.
    pub fn draws(
        &self,
        counts: &[usize],
        mut statistic: impl FnMut(&[Vec<usize>]) -> f64,
    ) -> Result<Vec<f64>, MetricError> {
        if counts.contains(&0) {
            return Err(MetricError::Empty);
        }
        let mut sets: Vec<Vec<usize>> = counts.iter().map(|&n| vec![0; n]).collect();
        self.resample(|rng| {
            for set in &mut sets {
                let n = set.len();
                set.fill_with(|| rng.random_range(0..n));
            }
            statistic(&sets)
        })
    }

    /// Interval of a statistic that is not defined for every resample, such as a correlation: `value`, that of the sets
    /// themselves, with the bounds over the resamples that define it. The sets are those of [`Bootstrap::draws`]. There are no
    /// bounds if the first set has one item only, or if fewer than half of the resamples define the statistic.
    ///
    /// # Errors
    /// Those of [`Bootstrap::draws`].
    pub fn estimate(
        &self,
        value: f64,
        counts: &[usize],
        mut statistic: impl FnMut(&[Vec<usize>]) -> Option<f64>,
    ) -> Result<Estimate, MetricError> {
        let mut drawn = self.draws(counts, |sets| statistic(sets).unwrap_or(f64::NAN))?;
        drawn.retain(|value| value.is_finite());
        let enough = counts.first().is_some_and(|&count| count > 1) && 2 * drawn.len() >= self.resamples;
        let bounds = enough.then(|| self.bounds(&drawn)).transpose()?;
        Ok(Estimate { value, bounds })
    }

    /// Bounds that contain the level's share of drawn values.
    ///
    /// # Errors
    /// No values, a value that is NaN or infinite, or settings that give no interval.
    pub fn bounds(&self, drawn: &[f64]) -> Result<Bounds, MetricError> {
        self.check()?;
        check_values(drawn)?;
        let mut sorted = drawn.to_vec();
        sorted.sort_by(f64::total_cmp);
        let tail = (1.0 - self.level) / 2.0;
        let [low, high] = [tail, 1.0 - tail].map(|q| quantile(&sorted, q));
        Ok(Bounds { low, high })
    }

    /// Percentiles of the statistic over all resamples; none for a single value, which resampling cannot vary.
    fn interval(
        &self,
        mean: f64,
        several: bool,
        statistic: impl FnMut(&mut Pcg64) -> f64,
    ) -> Result<Interval, MetricError> {
        self.check()?;
        let bounds = several.then(|| self.bounds(&self.resample(statistic)?)).transpose()?;
        Ok(Interval { mean, bounds })
    }

    fn resample(&self, mut statistic: impl FnMut(&mut Pcg64) -> f64) -> Result<Vec<f64>, MetricError> {
        self.check()?;
        let mut rng = Pcg64::seed_from_u64(self.seed);
        Ok((0..self.resamples).map(|_| statistic(&mut rng)).collect())
    }

    fn check(&self) -> Result<(), MetricError> {
        let Self { resamples, level, .. } = *self;
        if resamples == 0 || !(level > 0.0 && level < 1.0) {
            return Err(MetricError::Bootstrap { resamples, level });
        }
        Ok(())
    }
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

fn draw_mean(rng: &mut Pcg64, values: &[f64]) -> f64 {
    let n = values.len();
    (0..n).map(|_| values[rng.random_range(0..n)]).sum::<f64>() / n as f64
}

/// Draws n indices below n, with replacement.
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

/// Number of columns of a valid table.
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
