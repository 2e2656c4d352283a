//! Floors: sequences that need no skill, shown beside the actions in every table: a constant, white noise, and the
//! agent's next position. A method that does not clearly beat them has learned nothing about the actions.

use crate::Point;
use crate::distance::{mean, variance};
use crate::error::{MetricError, check_set};
use rand::{RngExt, SeedableRng};
use rand_distr::StandardNormal;
use rand_pcg::Pcg64;

/// The mean of all actions of the set, at every step: the best constant in the sense of [`crate::mse`].
///
/// # Errors
/// No trajectories; one without points; a coordinate that is NaN or infinite.
pub fn constant_floor<S: AsRef<[Point]>>(set: &[S]) -> Result<Vec<Vec<Point>>, MetricError> {
    check_set(set, 1, "the constant floor")?;
    let mean = mean(&all(set));
    Ok(set.iter().map(|t| vec![mean; t.as_ref().len()]).collect())
}

/// Independent Gaussian draws with the mean and the variance, per coordinate, of all actions of the set.
///
/// # Errors
/// No trajectories; one without points; a coordinate that is NaN or infinite.
pub fn white_noise_floor<S: AsRef<[Point]>>(set: &[S], seed: u64) -> Result<Vec<Vec<Point>>, MetricError> {
    check_set(set, 1, "the white noise floor")?;
    let points = all(set);
    let (mean, sd) = (mean(&points), variance(&points).map(f64::sqrt));
    let mut rng = Pcg64::seed_from_u64(seed);
    let mut point = || [0, 1].map(|c| mean[c] + sd[c] * rng.sample::<f64, _>(StandardNormal));
    Ok(set
        .iter()
        .map(|t| t.as_ref().iter().map(|_| point()).collect())
        .collect())
}

/// For each step the agent's position one step later, which can be read from the next frame without inverse dynamics.
/// `positions[i][t]` is the agent before action t; the result has one step less, because the last one has no next
/// position.
///
/// # Errors
/// No trajectories; one without points; a coordinate that is NaN or infinite.
pub fn next_position_floor<S: AsRef<[Point]>>(positions: &[S]) -> Result<Vec<Vec<Point>>, MetricError> {
    check_set(positions, 1, "the next position floor")?;
    Ok(positions.iter().map(|t| t.as_ref()[1..].to_vec()).collect())
}

fn all<S: AsRef<[Point]>>(set: &[S]) -> Vec<Point> {
    set.iter().flat_map(AsRef::as_ref).copied().collect()
}
