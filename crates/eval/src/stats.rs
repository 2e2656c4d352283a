//! Bootstrap intervals of roll-outs: training seeds × episodes, paired by start.
//!
//! The scores of one arm form a table, one row a training seed, one column a start. A resample draws rows and columns
//! with replacement, independently of each other, and takes the mean of the crossing cells, so that both the luck of
//! training and the luck of the starts enter. Two arms are compared on the same drawn columns (pairing by start);
//! their rows are drawn separately, because two trainings share nothing but the number of their seed. The interval is
//! the 2.5 % to 97.5 % percentile of [`RESAMPLES`] resamples. With one row only the starts are drawn.

use crate::Interval;
use rand::{RngExt, SeedableRng};
use rand_pcg::Pcg64;

/// Number of bootstrap resamples.
pub const RESAMPLES: usize = 4000;

/// Mean of a seeds × starts table with its 95 % interval.
///
/// # Errors
/// An empty table, rows of unequal length, or values that are not finite.
pub fn mean_interval(rows: &[Vec<f64>], seed: u64) -> Result<Interval, StatsError> {
    let columns = check(rows)?;
    let mut rng = Pcg64::seed_from_u64(seed);
    let (mut r, mut c) = (vec![0; rows.len()], vec![0; columns]);
    let means = (0..RESAMPLES)
        .map(|_| {
            draw(&mut rng, &mut r);
            draw(&mut rng, &mut c);
            crossing_mean(rows, &r, &c)
        })
        .collect();
    Ok(percentiles(grand_mean(rows), means))
}

/// Mean of `treatment` less mean of `control`, both seeds × starts, with its 95 % interval. The start seeds of the
/// columns must agree.
///
/// # Errors
/// As [`mean_interval`], or other starts.
pub fn paired_difference(
    treatment_starts: &[u64],
    treatment: &[Vec<f64>],
    control_starts: &[u64],
    control: &[Vec<f64>],
    seed: u64,
) -> Result<Interval, StatsError> {
    if let Some(column) = (0..treatment_starts.len().max(control_starts.len()))
        .find(|&i| treatment_starts.get(i) != control_starts.get(i))
    {
        return Err(StatsError::Starts { column });
    }
    let (columns, other) = (check(treatment)?, check(control)?);
    if columns != other {
        return Err(StatsError::Starts {
            column: columns.min(other),
        });
    }
    let mut rng = Pcg64::seed_from_u64(seed);
    let (mut rt, mut rc, mut c) = (vec![0; treatment.len()], vec![0; control.len()], vec![0; columns]);
    let differences = (0..RESAMPLES)
        .map(|_| {
            draw(&mut rng, &mut rt);
            draw(&mut rng, &mut rc);
            draw(&mut rng, &mut c);
            crossing_mean(treatment, &rt, &c) - crossing_mean(control, &rc, &c)
        })
        .collect();
    Ok(percentiles(grand_mean(treatment) - grand_mean(control), differences))
}

/// Number of columns of a sound table.
fn check(rows: &[Vec<f64>]) -> Result<usize, StatsError> {
    let columns = rows.first().map_or(0, Vec::len);
    if columns == 0 {
        return Err(StatsError::Empty);
    }
    for (row, values) in rows.iter().enumerate() {
        if values.len() != columns {
            return Err(StatsError::Ragged {
                row,
                expected: columns,
                found: values.len(),
            });
        }
        if let Some(column) = values.iter().position(|v| !v.is_finite()) {
            return Err(StatsError::NotFinite { row, column });
        }
    }
    Ok(columns)
}

fn draw(rng: &mut Pcg64, indices: &mut [usize]) {
    let n = indices.len();
    for i in indices {
        *i = rng.random_range(0..n);
    }
}

fn crossing_mean(rows: &[Vec<f64>], r: &[usize], c: &[usize]) -> f64 {
    let sum: f64 = r.iter().map(|&i| c.iter().map(|&j| rows[i][j]).sum::<f64>()).sum();
    sum / (r.len() * c.len()) as f64
}

fn grand_mean(rows: &[Vec<f64>]) -> f64 {
    rows.iter().flatten().sum::<f64>() / (rows.len() * rows[0].len()) as f64
}

fn percentiles(value: f64, mut resamples: Vec<f64>) -> Interval {
    resamples.sort_by(f64::total_cmp);
    let at = |q: f64| {
        let position = q * (resamples.len() - 1) as f64;
        let (below, part) = (position.floor() as usize, position.fract());
        let above = (below + 1).min(resamples.len() - 1);
        resamples[below] * (1.0 - part) + resamples[above] * part
    };
    Interval::new(value, at(0.025), at(0.975))
}

/// Why there is no interval.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StatsError {
    /// Nothing to average.
    #[error("there are no roll-outs; at least one episode of one seed is needed")]
    Empty,
    /// A seed with another number of episodes.
    #[error("seed number {row} has {found} episodes where the first has {expected}; all seeds need the same starts")]
    Ragged {
        /// Index of the seed.
        row: usize,
        /// Episodes of the first seed.
        expected: usize,
        /// Its own.
        found: usize,
    },
    /// NaN or infinite.
    #[error("the score of seed number {row}, episode {column} is not finite")]
    NotFinite {
        /// Index of the seed.
        row: usize,
        /// Index of the episode.
        column: usize,
    },
    /// Different starts.
    #[error("the arms differ in the start of episode {column}; roll all arms out from the same start seeds")]
    Starts {
        /// First column that differs.
        column: usize,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(rows: usize, columns: usize, shift: f64, seed: u64) -> Vec<Vec<f64>> {
        let mut rng = Pcg64::seed_from_u64(seed);
        (0..rows)
            .map(|_| {
                (0..columns)
                    .map(|c| shift + (c % 10) as f64 + rng.random_range(-0.1..0.1))
                    .collect()
            })
            .collect()
    }

    #[test]
    fn pairing_removes_the_spread_of_the_starts() {
        let (a, b) = (table(3, 100, 0.5, 1), table(3, 100, 0.0, 2));
        let starts: Vec<u64> = (0..100).collect();
        let alone = mean_interval(&a, 0).unwrap();
        let paired = paired_difference(&starts, &a, &starts, &b, 0).unwrap();
        assert!(alone.width() > 1.0 && paired.width() < 0.1);
        assert!((paired.value - 0.5).abs() < 0.03 && paired.contains(paired.value));
        assert_eq!(paired, paired_difference(&starts, &a, &starts, &b, 0).unwrap());
    }

    #[test]
    fn what_cannot_be_compared_is_refused() {
        assert_eq!(mean_interval(&[], 0), Err(StatsError::Empty));
        assert!(matches!(
            mean_interval(&[vec![1.0, 2.0], vec![1.0]], 0),
            Err(StatsError::Ragged { row: 1, .. })
        ));
        assert!(matches!(
            mean_interval(&[vec![1.0, f64::NAN]], 0),
            Err(StatsError::NotFinite { .. })
        ));
        let one = [vec![1.0, 2.0]];
        assert_eq!(
            paired_difference(&[1, 2], &one, &[1, 3], &one, 0),
            Err(StatsError::Starts { column: 1 })
        );
    }
}
