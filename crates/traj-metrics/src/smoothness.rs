//! Velocity, acceleration and jerk: smoothness of the motion from step to step.
//!
//! They are plain differences, not divided by the time step, so their unit is px per step (to the power of the order).

use crate::error::{MetricError, check_points, check_set};
use crate::summary::MeanSd;
use crate::{Point, norm, sub};

/// Order of the differences of a trajectory.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Order {
    /// First difference, px/step: p_{t+1} − p_t.
    Velocity = 1,
    /// Second difference, px/step²: p_{t+2} − 2 p_{t+1} + p_t.
    Acceleration = 2,
    /// Third difference, px/step³: p_{t+3} − 3 p_{t+2} + 3 p_{t+1} − p_t.
    Jerk = 3,
}

impl Order {
    /// The measure's name, for errors and tables.
    pub fn name(self) -> &'static str {
        match self {
            Order::Velocity => "velocity",
            Order::Acceleration => "acceleration",
            Order::Jerk => "jerk",
        }
    }

    /// Smallest number of points that has a difference of this order.
    pub fn points_needed(self) -> usize {
        self as usize + 1
    }
}

/// Mean and standard deviation of one order of differences over a set.
pub type Smoothness = MeanSd;

/// Euclidean norms ‖Δᵏ p_t‖ of the differences of order k: `points.len() − k` values.
///
/// # Errors
/// Fewer than k + 1 points; a coordinate that is NaN or infinite.
pub fn difference_norms(points: &[Point], order: Order) -> Result<Vec<f64>, MetricError> {
    check_points(0, points, order.points_needed(), order.name())?;
    Ok(norms(points, order))
}

/// Smoothness of a set of trajectories: mean and population standard deviation of the norms within each trajectory,
/// each then averaged over the trajectories, so that long and short trajectories have equal weight.
///
/// # Errors
/// No trajectories; one with fewer than k + 1 points; a coordinate that is NaN or infinite.
pub fn smoothness<S: AsRef<[Point]>>(set: &[S], order: Order) -> Result<Smoothness, MetricError> {
    check_set(set, order.points_needed(), order.name())?;
    let within: Vec<MeanSd> = set
        .iter()
        .map(|t| MeanSd::of_checked(&norms(t.as_ref(), order)))
        .collect();
    let n = within.len() as f64;
    Ok(MeanSd {
        mean: within.iter().map(|w| w.mean).sum::<f64>() / n,
        sd: within.iter().map(|w| w.sd).sum::<f64>() / n,
    })
}

fn norms(points: &[Point], order: Order) -> Vec<f64> {
    let mut differences = points.to_vec();
    for _ in 0..order as usize {
        differences = differences.windows(2).map(|w| sub(w[1], w[0])).collect();
    }
    differences.into_iter().map(norm).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn differences_of_a_cube() {
        // x = t³ has the differences 1, 7, 19, 37; 6, 12, 18; 6, 6.
        let points: Vec<Point> = (0..5).map(|t| [f64::from(t * t * t), 0.0]).collect();
        assert_eq!(
            difference_norms(&points, Order::Velocity).unwrap(),
            [1.0, 7.0, 19.0, 37.0]
        );
        assert_eq!(
            difference_norms(&points, Order::Acceleration).unwrap(),
            [6.0, 12.0, 18.0]
        );
        assert_eq!(difference_norms(&points, Order::Jerk).unwrap(), [6.0, 6.0]);
    }

    #[test]
    fn averages_over_trajectories_not_over_steps() {
        let short = vec![[0.0, 0.0], [1.0, 0.0]];
        let long: Vec<Point> = (0..9).map(|t| [0.0, 3.0 * f64::from(t)]).collect();
        let found = smoothness(&[short, long], Order::Velocity).unwrap();
        assert_eq!(found, MeanSd { mean: 2.0, sd: 0.0 });
    }

    #[test]
    fn names_what_is_too_short() {
        let e = smoothness(&[vec![[0.0, 0.0]; 4], vec![[0.0, 0.0]; 3]], Order::Jerk).unwrap_err();
        assert_eq!(
            e.to_string(),
            "trajectory 1 has 3 points; jerk needs at least 4: leave it out"
        );
    }
}
