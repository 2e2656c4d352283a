//! Normalization of observations and actions to [−1, 1], or to deviation 1.

use serde::{Deserialize, Serialize};

/// Added to deviations before dividing; replaces an empty range.
const EPSILON: f32 = 1e-8;

/// Maps the range that each number has in the training data to [−1, 1].
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct MinMax {
    pub min: Vec<f32>,
    pub max: Vec<f32>,
}

impl MinMax {
    /// Fits the ranges of rows of one width; each range is at least 10⁻⁴.
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

    /// Whether it is valid for rows of this width.
    pub(super) fn is_sound(&self, width: usize) -> bool {
        let finite = |x: &[f32]| x.len() == width && x.iter().all(|x| x.is_finite());
        finite(&self.min) && finite(&self.max) && self.min.iter().zip(&self.max).all(|(min, max)| max > min)
    }

    pub(super) fn normalize(&self, row: &[f32]) -> impl Iterator<Item = f32> {
        row.iter().enumerate().map(|(i, x)| self.normalized(i, *x))
    }

    pub(super) fn denormalize(&self, row: &[f32]) -> impl Iterator<Item = f32> {
        row.iter().enumerate().map(|(i, x)| self.denormalized(i, *x))
    }

    fn normalized(&self, i: usize, x: f32) -> f32 {
        2.0 * (x - self.min[i]) / self.range(i) - 1.0
    }

    fn denormalized(&self, i: usize, x: f32) -> f32 {
        (x + 1.0) / 2.0 * self.range(i) + self.min[i]
    }

    /// Never empty.
    fn range(&self, i: usize) -> f32 {
        let (min, max) = (self.min[i], self.max[i]);
        if max == min { EPSILON } else { max - min }
    }
}

/// Normalization of one feature, element by element, as in LeRobot.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Norm {
    Identity,
    MeanStd {
        mean: Vec<f32>,
        std: Vec<f32>,
    },
    /// To [−1, 1].
    MinMax(MinMax),
}

impl Norm {
    /// Whether it is for features of this width, and finite.
    pub(super) fn is_sound(&self, width: usize) -> bool {
        let (a, b) = match self {
            Self::Identity => return true,
            Self::MeanStd { mean, std } => (mean, std),
            Self::MinMax(MinMax { min, max }) => (min, max),
        };
        [a, b]
            .iter()
            .all(|x| x.len() == width && x.iter().all(|x| x.is_finite()))
    }

    pub(super) fn normalize(&self, i: usize, x: f32) -> f32 {
        match self {
            Self::Identity => x,
            Self::MeanStd { mean, std } => (x - mean[i]) / (std[i] + EPSILON),
            Self::MinMax(range) => range.normalized(i, x),
        }
    }

    pub(super) fn denormalize(&self, i: usize, x: f32) -> f32 {
        match self {
            Self::Identity => x,
            Self::MeanStd { mean, std } => x * std[i] + mean[i],
            Self::MinMax(range) => range.denormalized(i, x),
        }
    }

    pub(super) fn row<'a>(&'a self, row: &'a [f32]) -> impl Iterator<Item = f32> + 'a {
        row.iter().enumerate().map(|(i, x)| self.normalize(i, *x))
    }
}
