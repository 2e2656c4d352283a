//! Errors of the measures, and the checks with which every measure begins.

use crate::Point;

/// Coordinates beyond this are refused like NaN, so that no square or sum can overflow.
const LARGEST: f64 = 1e100;

/// Errors of computing a measure.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum MetricError {
    /// No values.
    #[error("no values were given; expected at least one")]
    Empty,
    /// A trajectory shorter than the measure needs.
    #[error("trajectory {trajectory} has {found} points; {measure} needs at least {needed}: leave it out")]
    TooShort {
        /// Index in the set.
        trajectory: usize,
        /// Name of the measure.
        measure: &'static str,
        /// Points needed.
        needed: usize,
        /// Points found.
        found: usize,
    },
    /// NaN, infinite, or too large to be squared.
    #[error("trajectory {trajectory}, point {point}: {value:?}; expected finite coordinates (within ±1e100)")]
    BadPoint {
        /// Index in the set.
        trajectory: usize,
        /// Index in the trajectory.
        point: usize,
        /// The point.
        value: Point,
    },
    /// NaN, infinite, or too large to be squared.
    #[error("value {index} is {value}; expected a finite number (within ±1e100)")]
    BadValue {
        /// Index in the slice.
        index: usize,
        /// The value.
        value: f64,
    },
    /// Two lists that should be equally long differ in length.
    #[error("{what}: {left} against {right}; expected as many of each")]
    Unequal {
        /// Name of the lists.
        what: &'static str,
        /// Length of the first.
        left: usize,
        /// Length of the second.
        right: usize,
    },
    /// Two paired trajectories differ in length.
    #[error("trajectory {trajectory} has {left} points against {right}; expected as many of each")]
    UnequalTrajectories {
        /// Index in the sets.
        trajectory: usize,
        /// Points in the first set.
        left: usize,
        /// Points in the second set.
        right: usize,
    },
    /// A table of values whose rows differ in length, or have none.
    #[error(
        "row {row} of the table of seeds × episodes has {found} episodes; expected {expected} as in row 0, at least 1"
    )]
    Ragged {
        /// Index of the row (seed).
        row: usize,
        /// Episodes found.
        found: usize,
        /// Episodes expected.
        expected: usize,
    },
    /// The reference does not vary, so no share of its variance can be explained.
    #[error("R² is undefined: every reference action is the same")]
    NoVariance,
    /// A window of fewer than two points has no displacement.
    #[error("a window of {found} points; expected at least 2")]
    Window {
        /// The window length.
        found: usize,
    },
    /// More successes than trials.
    #[error("{successes} successes in {trials} trials; expected no more than there are trials")]
    Successes {
        /// Number of successes.
        successes: usize,
        /// Number of trials.
        trials: usize,
    },
    /// Bootstrap settings that give no interval.
    #[error(
        "bootstrap with {resamples} resamples at level {level}; expected at least 1 resample and a level between 0 and 1"
    )]
    Bootstrap {
        /// Number of resamples.
        resamples: usize,
        /// The level.
        level: f64,
    },
}

/// Refuses a trajectory with fewer than `needed` points or with a point that is not finite.
pub(crate) fn check_points(
    trajectory: usize,
    points: &[Point],
    needed: usize,
    measure: &'static str,
) -> Result<(), MetricError> {
    if points.len() < needed {
        return Err(MetricError::TooShort {
            trajectory,
            measure,
            needed,
            found: points.len(),
        });
    }
    match points
        .iter()
        .position(|p| p.iter().any(|x| x.is_nan() || x.abs() > LARGEST))
    {
        Some(point) => Err(MetricError::BadPoint {
            trajectory,
            point,
            value: points[point],
        }),
        None => Ok(()),
    }
}

/// [`check_points`] over a set, which must not be empty.
pub(crate) fn check_set<S: AsRef<[Point]>>(set: &[S], needed: usize, measure: &'static str) -> Result<(), MetricError> {
    if set.is_empty() {
        return Err(MetricError::Empty);
    }
    set.iter()
        .enumerate()
        .try_for_each(|(i, t)| check_points(i, t.as_ref(), needed, measure))
}

/// Refuses an empty slice and values that are not finite.
pub(crate) fn check_values(values: &[f64]) -> Result<(), MetricError> {
    if values.is_empty() {
        return Err(MetricError::Empty);
    }
    match values.iter().position(|x| x.is_nan() || x.abs() > LARGEST) {
        Some(index) => Err(MetricError::BadValue {
            index,
            value: values[index],
        }),
        None => Ok(()),
    }
}
