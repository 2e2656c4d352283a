//! Directness: path length over displacement, 1 for a straight line and larger the more a trajectory wanders.

use crate::error::{MetricError, check_points, check_set};
use crate::summary::Summary;
use crate::{Point, norm, sub};
use serde::{Deserialize, Serialize};

/// Length (px) below which a trajectory counts as standing still.
pub const MIN_DISPLACEMENT: f64 = 1.0;

/// Directness over a set of trajectories or windows.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Directness {
    /// Summary over those that move; none if nothing moves.
    pub summary: Option<Summary>,
    /// Number of those that do not move (path shorter than [`MIN_DISPLACEMENT`]), which are left out.
    pub still: usize,
}

/// Directness of one trajectory, no unit: L / max(D, 1 px), where L = Σ ‖p_{t+1} − p_t‖ is the path length and
/// D = ‖p_last − p_first‖ the displacement from start to end.
///
/// A displacement below [`MIN_DISPLACEMENT`] counts as that value, so a closed loop scores its path length in px
/// instead of infinity. A path shorter than [`MIN_DISPLACEMENT`] is no movement and has no directness (`None`). The
/// result is therefore always at least 1 (up to rounding).
///
/// # Errors
/// Fewer than 2 points; a coordinate that is NaN or infinite.
pub fn directness(points: &[Point]) -> Result<Option<f64>, MetricError> {
    check_points(0, points, 2, "directness")?;
    Ok(of_checked(points))
}

/// Directness of whole trajectories: its mean, standard deviation and median over the set.
///
/// It grows with the length of a trajectory; compare sets of different lengths with [`window_directness`].
///
/// # Errors
/// No trajectories; one with fewer than 2 points; a coordinate that is NaN or infinite.
pub fn set_directness<S: AsRef<[Point]>>(set: &[S]) -> Result<Directness, MetricError> {
    check_set(set, 2, "directness")?;
    Ok(collect(set.iter().map(|t| of_checked(t.as_ref()))))
}

/// Directness at equal lengths: over the consecutive, non-overlapping windows of `steps` time steps (that many points,
/// `steps` − 1 differences) of every trajectory. The remainder at a trajectory's end is left out, and so is a
/// trajectory shorter than a window; both reduce the summary's count.
///
/// # Errors
/// No trajectories; a coordinate that is NaN or infinite; a window of fewer than 2 steps.
pub fn window_directness<S: AsRef<[Point]>>(set: &[S], steps: usize) -> Result<Directness, MetricError> {
    if steps < 2 {
        return Err(MetricError::Window { found: steps });
    }
    check_set(set, 0, "directness")?;
    Ok(collect(
        set.iter().flat_map(|t| t.as_ref().chunks_exact(steps)).map(of_checked),
    ))
}

fn of_checked(points: &[Point]) -> Option<f64> {
    let path: f64 = points.windows(2).map(|w| norm(sub(w[1], w[0]))).sum();
    let displacement = norm(sub(points[points.len() - 1], points[0]));
    (path >= MIN_DISPLACEMENT).then(|| path / displacement.max(MIN_DISPLACEMENT))
}

fn collect(values: impl Iterator<Item = Option<f64>>) -> Directness {
    let mut still = 0;
    let moving: Vec<f64> = values
        .inspect(|v| still += usize::from(v.is_none()))
        .flatten()
        .collect();
    Directness {
        summary: (!moving.is_empty()).then(|| Summary::of_checked(&moving)),
        still,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn right_angle_loop_and_rest() {
        let angle = [[0.0, 0.0], [3.0, 0.0], [3.0, 4.0]];
        assert_eq!(directness(&angle).unwrap(), Some(7.0 / 5.0));
        let closed = [[0.0, 0.0], [30.0, 0.0], [0.0, 0.0]];
        assert_eq!(directness(&closed).unwrap(), Some(60.0));
        let rest = [[5.0, 5.0], [5.1, 5.0], [5.0, 5.0]];
        assert_eq!(directness(&rest).unwrap(), None);
        let set = set_directness(&[&angle[..], &closed, &rest]).unwrap();
        assert_eq!((set.summary.unwrap().count, set.still), (2, 1));
    }

    #[test]
    fn windows_do_not_overlap() {
        let line: Vec<Point> = (0..10).map(|t| [2.0 * f64::from(t), 0.0]).collect();
        let w = window_directness(&[line], 4).unwrap().summary.unwrap();
        assert_eq!((w.count, w.mean), (2, 1.0));
        assert_eq!(window_directness(&[vec![[0.0, 0.0]; 3]], 4).unwrap().summary, None);
        assert_eq!(
            window_directness(&[vec![[0.0, 0.0]; 3]], 1),
            Err(MetricError::Window { found: 1 })
        );
    }
}
