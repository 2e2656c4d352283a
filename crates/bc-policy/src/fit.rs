//! Errors of predicted actions.

use pusht_env::Action;
use serde::{Deserialize, Serialize};

/// Errors of predicted actions against labels.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct ActionFit {
    /// Mean squared error, averaged over both coordinates, px².
    pub mse: f64,
    /// Coefficient of determination of each coordinate, averaged with equal weight. A coordinate with constant labels
    /// counts 1 if it is predicted exactly and 0 otherwise.
    pub r2: f64,
    /// Number of actions.
    pub actions: usize,
}

/// Compares predictions with labels; `None` if there are none or their numbers differ.
///
/// R² is 1 − Σ(label − prediction)² / Σ(label − mean label)², as scikit-learn's `r2_score` with
/// `multioutput="uniform_average"`.
pub fn regression_fit(predictions: &[Action], labels: &[Action]) -> Option<ActionFit> {
    if predictions.len() != labels.len() || labels.is_empty() {
        return None;
    }
    let n = labels.len() as f64;
    let coordinate = |k: usize| {
        let mean = labels.iter().map(|label| f64::from(label[k])).sum::<f64>() / n;
        let mut residual = 0.0;
        let mut total = 0.0;
        for (prediction, label) in predictions.iter().zip(labels) {
            residual += (f64::from(label[k]) - f64::from(prediction[k])).powi(2);
            total += (f64::from(label[k]) - mean).powi(2);
        }
        let r2 = match (total > 0.0, residual > 0.0) {
            (true, _) => 1.0 - residual / total,
            (false, false) => 1.0,
            (false, true) => 0.0,
        };
        (residual / n, r2)
    };
    let (x, y) = (coordinate(0), coordinate(1));
    Some(ActionFit {
        mse: f64::midpoint(x.0, y.0),
        r2: f64::midpoint(x.1, y.1),
        actions: labels.len(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_perfect_and_a_constant_prediction() {
        let labels = [[1.0, 10.0], [2.0, 30.0], [3.0, 20.0]];
        let fit = regression_fit(&labels, &labels).unwrap();
        assert_eq!((fit.mse, fit.r2, fit.actions), (0.0, 1.0, 3));
        let fit = regression_fit(&[[2.0, 20.0]; 3], &labels).unwrap();
        // Variances 2/3 and 200/3; their mean, and no variance explained.
        assert!((fit.mse - (2.0 / 3.0 + 200.0 / 3.0) / 2.0).abs() < 1e-9);
        assert!(fit.r2.abs() < 1e-12);
    }

    #[test]
    fn constant_labels_have_a_stated_r2() {
        let labels = [[5.0, 1.0], [5.0, 2.0]];
        assert_eq!(regression_fit(&labels, &labels).unwrap().r2, 1.0);
        let off = [[6.0, 1.0], [6.0, 2.0]];
        assert_eq!(regression_fit(&off, &labels).unwrap().r2, 0.5);
    }

    #[test]
    fn nothing_to_compare() {
        assert_eq!(regression_fit(&[], &[]), None);
        assert_eq!(regression_fit(&[[0.0, 0.0]], &[]), None);
    }
}
