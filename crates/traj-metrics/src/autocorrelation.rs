//! Autocorrelation of velocity, which distinguishes steady motion from noise.

use crate::Point;
use crate::error::{MetricError, check_set};
use crate::sub;

/// Lag-1 autocorrelation of velocity over a set, no unit, in [−1, 1]:
/// Σ v_t · v_{t+1} / √(Σ ‖v_t‖² Σ ‖v_{t+1}‖²), the sums over all neighboring pairs of velocities (first differences) of
/// all trajectories.
///
/// The mean is not removed: a straight line at constant speed scores 1. Independent positions (white noise) score −0.5,
/// independent velocities (a random walk) 0, a smooth trajectory near 1. `None` if nothing moves.
///
/// # Errors
/// No trajectories; one with fewer than 3 points; a coordinate that is NaN or infinite.
pub fn velocity_autocorrelation<S: AsRef<[Point]>>(set: &[S]) -> Result<Option<f64>, MetricError> {
    check_set(set, 3, "autocorrelation of velocity")?;
    let (mut product, mut first, mut second) = (0.0, 0.0, 0.0);
    for trajectory in set {
        for w in trajectory.as_ref().windows(3) {
            let (a, b) = (sub(w[1], w[0]), sub(w[2], w[1]));
            product += dot(a, b);
            first += dot(a, a);
            second += dot(b, b);
        }
    }
    let scale = first.sqrt() * second.sqrt();
    Ok((scale > 0.0).then(|| (product / scale).clamp(-1.0, 1.0)))
}

fn dot(a: Point, b: Point) -> f64 {
    a[0] * b[0] + a[1] * b[1]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn line_zigzag_and_rest() {
        let line: Vec<Point> = (0..5).map(|t| [f64::from(t), f64::from(t)]).collect();
        assert!((velocity_autocorrelation(&[line]).unwrap().unwrap() - 1.0).abs() < 1e-15);
        let zigzag: Vec<Point> = (0..6).map(|t| [f64::from(t % 2), 0.0]).collect();
        assert_eq!(velocity_autocorrelation(&[zigzag]).unwrap(), Some(-1.0));
        assert_eq!(velocity_autocorrelation(&[[[1.0, 1.0]; 4]]).unwrap(), None);
        assert!(velocity_autocorrelation(&[[[1.0, 1.0]; 2]]).is_err());
    }
}
