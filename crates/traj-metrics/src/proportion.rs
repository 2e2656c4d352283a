//! Interval of a share of successes.

use crate::error::MetricError;
use crate::interval::Interval;

/// 97.5 % quantile of the normal distribution.
const QUANTILE: f64 = 1.959_963_984_540_054;

/// Share of successes among independent trials, with its 95 % Wilson score interval: the shares p whose normal test
/// |successes/trials − p| ≤ 1.96 √(p (1 − p) / trials) does not reject the one found. Unlike a bootstrap, it has a width where all
/// trials or none succeed: 50 of 50 give [0.929, 1].
///
/// # Example
///
/// ```
/// let share = traj_metrics::wilson(50, 50)?;
/// assert_eq!(format!("{share:.3}"), "1.000 [0.929, 1.000]");
/// # Ok::<(), traj_metrics::MetricError>(())
/// ```
///
/// # Errors
/// No trials, or more successes than trials.
pub fn wilson(successes: usize, trials: usize) -> Result<Interval, MetricError> {
    if trials == 0 {
        return Err(MetricError::Empty);
    }
    if successes > trials {
        return Err(MetricError::Successes { successes, trials });
    }
    let (n, z2) = (trials as f64, QUANTILE * QUANTILE);
    let share = successes as f64 / n;
    let scale = 1.0 / (1.0 + z2 / n);
    let center = scale * (share + z2 / (2.0 * n));
    let half = scale * QUANTILE * (share * (1.0 - share) / n + z2 / (4.0 * n * n)).sqrt();
    // At both ends the interval has its bound there exactly, which rounding would miss.
    let low = if successes == 0 { 0.0 } else { center - half };
    let high = if successes == trials { 1.0 } else { center + half };
    Ok(Interval::new(share, low, high))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Values of the textbook formula, computed in Python.
    #[test]
    fn the_intervals_are_those_of_the_formula() {
        for (successes, trials, text) in [
            (0, 10, "0.0000 [0.0000, 0.2775]"),
            (1, 1, "1.0000 [0.2065, 1.0000]"),
            (48, 50, "0.9600 [0.8654, 0.9890]"),
            (196, 200, "0.9800 [0.9497, 0.9922]"),
        ] {
            assert_eq!(format!("{:.4}", wilson(successes, trials).unwrap()), text);
        }
        assert_eq!(wilson(0, 0), Err(MetricError::Empty));
        let text = wilson(3, 2).unwrap_err().to_string();
        assert!(text.contains("3 successes in 2 trials"), "{text}");
    }
}
