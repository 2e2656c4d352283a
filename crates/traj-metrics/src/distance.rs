//! Distance between two sets of actions: L2, mean squared error, R²; and the variance to compare them with.

use crate::error::{MetricError, check_points, check_set};
use crate::summary::MeanSd;
use crate::{Point, norm, sub};

/// L2 distance ‖a_t − b_t‖ in px between two sets of action sequences: mean and population standard deviation over all
/// steps of all sequences.
///
/// # Errors
/// No sequences or no steps; sets or sequences of unequal length; a coordinate that is NaN or infinite.
pub fn paired_l2<S: AsRef<[Point]>, T: AsRef<[Point]>>(a: &[S], b: &[T]) -> Result<MeanSd, MetricError> {
    check_set(a, 0, "L2")?;
    check_set(b, 0, "L2")?;
    if a.len() != b.len() {
        return Err(MetricError::Unequal {
            what: "number of trajectories",
            left: a.len(),
            right: b.len(),
        });
    }
    let mut distances = Vec::new();
    for (trajectory, (a, b)) in a.iter().zip(b).enumerate() {
        let (a, b) = (a.as_ref(), b.as_ref());
        if a.len() != b.len() {
            return Err(MetricError::UnequalTrajectories {
                trajectory,
                left: a.len(),
                right: b.len(),
            });
        }
        distances.extend(a.iter().zip(b).map(|(&a, &b)| norm(sub(a, b))));
    }
    MeanSd::of(&distances)
}

/// Mean squared error in px², averaged over steps and over both coordinates: (1/2n) Σ ‖predicted − reference‖².
///
/// # Errors
/// No actions; unequal numbers; a coordinate that is NaN or infinite.
pub fn mse(predicted: &[Point], reference: &[Point]) -> Result<f64, MetricError> {
    check_points(0, predicted, 0, "MSE")?;
    check_points(0, reference, 0, "MSE")?;
    if predicted.len() != reference.len() {
        let (left, right) = (predicted.len(), reference.len());
        return Err(MetricError::Unequal {
            what: "predicted and reference actions",
            left,
            right,
        });
    }
    if predicted.is_empty() {
        return Err(MetricError::Empty);
    }
    let sum: f64 = predicted.iter().zip(reference).map(|(&p, &r)| squared(sub(p, r))).sum();
    Ok(sum / (2.0 * predicted.len() as f64))
}

/// Share of the reference's variance that the prediction explains: 1 − MSE / V, where V is the mean of the two
/// [`label_variance`]s. No unit; 1 is perfect, 0 is no better than the reference's own mean, below 0 is worse.
///
/// # Errors
/// Those of [`mse`]; a reference that does not vary.
pub fn r2(predicted: &[Point], reference: &[Point]) -> Result<f64, MetricError> {
    let error = mse(predicted, reference)?;
    // Compared exactly: the variance of equal numbers can be a rounding error above zero.
    if reference.iter().all(|p| p == &reference[0]) {
        return Err(MetricError::NoVariance);
    }
    let [x, y] = variance(reference);
    Ok(1.0 - 2.0 * error / (x + y))
}

/// Population variance of each coordinate over all actions of a set, px². Its mean is the MSE of the best constant.
///
/// # Errors
/// No trajectories; one without points; a coordinate that is NaN or infinite.
pub fn label_variance<S: AsRef<[Point]>>(set: &[S]) -> Result<[f64; 2], MetricError> {
    check_set(set, 1, "label variance")?;
    Ok(variance(
        &set.iter().flat_map(AsRef::as_ref).copied().collect::<Vec<_>>(),
    ))
}

/// Mean of each coordinate of at least one point.
pub(crate) fn mean(points: &[Point]) -> Point {
    let n = points.len() as f64;
    [0, 1].map(|c| points.iter().map(|p| p[c]).sum::<f64>() / n)
}

/// Population variance of each coordinate of at least one point.
pub(crate) fn variance(points: &[Point]) -> [f64; 2] {
    let n = points.len() as f64;
    let mean = mean(points);
    [0, 1].map(|c| points.iter().map(|p| (p[c] - mean[c]).powi(2)).sum::<f64>() / n)
}

fn squared([x, y]: Point) -> f64 {
    x * x + y * y
}

#[cfg(test)]
mod tests {
    use super::*;

    const REFERENCE: [Point; 4] = [[0.0, 0.0], [2.0, 0.0], [0.0, 4.0], [2.0, 4.0]];

    #[test]
    fn constant_mean_explains_nothing() {
        assert_eq!(label_variance(&[REFERENCE]).unwrap(), [1.0, 4.0]);
        let constant = [[1.0, 2.0]; 4];
        assert_eq!(mse(&constant, &REFERENCE).unwrap(), 2.5);
        assert_eq!(r2(&constant, &REFERENCE).unwrap(), 0.0);
        assert_eq!(r2(&REFERENCE, &REFERENCE).unwrap(), 1.0);
        assert_eq!(r2(&[[0.0; 2]; 3], &[[0.1; 2]; 3]), Err(MetricError::NoVariance));
    }

    #[test]
    fn l2_is_pooled_over_steps() {
        let a = [vec![[0.0, 0.0]], vec![[0.0, 0.0]; 3]];
        let b = [vec![[3.0, 4.0]], vec![[1.0, 0.0]; 3]];
        assert_eq!(
            paired_l2(&a, &b).unwrap(),
            MeanSd {
                mean: 2.0,
                sd: 3f64.sqrt()
            }
        );
        assert!(matches!(
            paired_l2(&a, &b[..1]),
            Err(MetricError::Unequal { left: 2, right: 1, .. })
        ));
        assert!(matches!(
            paired_l2(&a[..1], &b[1..]),
            Err(MetricError::UnequalTrajectories {
                trajectory: 0,
                left: 1,
                right: 3
            })
        ));
    }
}
