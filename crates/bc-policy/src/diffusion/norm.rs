//! Observations and actions as numbers from −1 to 1.

use serde::{Deserialize, Serialize};

/// Maps the range that each number has in the training data to [−1, 1].
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct MinMax {
    pub min: Vec<f32>,
    pub max: Vec<f32>,
}

impl MinMax {
    /// The ranges of rows of one width; a number that hardly changes gets a range of 10⁻⁴ at least.
    pub(super) fn fit<'a>(rows: impl Iterator<Item = &'a [f32]>) -> Self {
        let (mut min, mut max): (Vec<f32>, Vec<f32>) = Default::default();
        for row in rows {
            if min.is_empty() {
                (min, max) = (row.to_vec(), row.to_vec());
            }
            for ((min, max), x) in min.iter_mut().zip(&mut max).zip(row) {
                *min = min.min(*x);
                *max = max.max(*x);
            }
        }
        for (min, max) in min.iter().zip(&mut max) {
            *max = max.max(min + 1e-4);
        }
        Self { min, max }
    }

    /// Whether it maps rows of this width.
    pub(super) fn is_sound(&self, width: usize) -> bool {
        let finite = |x: &[f32]| x.len() == width && x.iter().all(|x| x.is_finite());
        finite(&self.min) && finite(&self.max) && self.min.iter().zip(&self.max).all(|(min, max)| max > min)
    }

    pub(super) fn normalise(&self, row: &[f32]) -> impl Iterator<Item = f32> {
        let ranges = self.min.iter().zip(&self.max);
        row.iter()
            .zip(ranges)
            .map(|(x, (min, max))| 2.0 * (x - min) / (max - min) - 1.0)
    }

    pub(super) fn denormalise(&self, row: &[f32]) -> impl Iterator<Item = f32> {
        let ranges = self.min.iter().zip(&self.max);
        row.iter()
            .zip(ranges)
            .map(|(x, (min, max))| 0.5 * (x + 1.0) * (max - min) + min)
    }
}
