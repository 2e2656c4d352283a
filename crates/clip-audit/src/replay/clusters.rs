//! Intervals by bootstrap over clips, where a clip may give several values.

use std::ops::Range;
use traj_metrics::{Bootstrap, Estimate, MetricError};

/// Values grouped by clip; those of one clip are consecutive.
pub(crate) struct Clusters<'a> {
    ranges: Vec<Range<usize>>,
    bootstrap: &'a Bootstrap,
}

impl<'a> Clusters<'a> {
    /// Clips with these numbers of values.
    pub(crate) fn new(counts: impl IntoIterator<Item = usize>, bootstrap: &'a Bootstrap) -> Self {
        let mut end = 0;
        let range = |count: usize| {
            let start = end;
            end += count;
            start..end
        };
        // Clips without a value are not resampled.
        let ranges = counts.into_iter().filter(|&count| count > 0).map(range).collect();
        Self { ranges, bootstrap }
    }

    /// A statistic of the values, with its bootstrap interval; a single clip has no interval.
    pub(crate) fn estimate<T: Copy>(
        &self,
        values: &[T],
        statistic: impl Fn(&mut Vec<T>) -> f64,
    ) -> Result<Estimate, MetricError> {
        let value = statistic(&mut values.to_vec());
        if self.ranges.len() == 1 {
            return Ok(Estimate { value, bounds: None });
        }
        let mut drawn = Vec::with_capacity(values.len());
        let draws = self.bootstrap.draws(&[self.ranges.len()], |sets| {
            drawn.clear();
            for &clip in &sets[0] {
                drawn.extend_from_slice(&values[self.ranges[clip].clone()]);
            }
            statistic(&mut drawn)
        })?;
        Ok(Estimate {
            value,
            bounds: Some(self.bootstrap.bounds(&draws)?),
        })
    }

    pub(crate) fn median(&self, values: &[f64]) -> Result<Estimate, MetricError> {
        self.estimate(values, |values| {
            let middle = values.len() / 2;
            let (below, &mut upper, _) = values.select_nth_unstable_by(middle, f64::total_cmp);
            match below.iter().copied().max_by(f64::total_cmp) {
                Some(lower) if values.len().is_multiple_of(2) => 0.5 * (lower + upper),
                _ => upper,
            }
        })
    }
}
