//! Correlation of pairs of values: Pearson's, and Spearman's of their ranks.

/// Pearson's correlation of `pairs`, −1 to 1:
///
/// r = Σ (x − x̄)(y − ȳ) / √(Σ (x − x̄)² Σ (y − ȳ)²).
///
/// `None` for fewer than two pairs, if one side does not vary, or with a value that is not finite.
///
/// ```
/// assert_eq!(traj_metrics::pearson(&[(0.0, 1.0), (1.0, 3.0), (2.0, 5.0)]), Some(1.0));
/// assert_eq!(traj_metrics::pearson(&[(0.0, 1.0), (1.0, 1.0)]), None);
/// ```
pub fn pearson(pairs: &[(f64, f64)]) -> Option<f64> {
    let n = pairs.len() as f64;
    let &(x0, y0) = pairs.first()?;
    // Means of equal values may be rounded, so that whether a side varies is not left to its variance.
    if pairs.iter().all(|pair| pair.0 == x0) || pairs.iter().all(|pair| pair.1 == y0) {
        return None;
    }
    let x = pairs.iter().map(|pair| pair.0).sum::<f64>() / n;
    let y = pairs.iter().map(|pair| pair.1).sum::<f64>() / n;
    let sum = |of: &dyn Fn(f64, f64) -> f64| -> f64 { pairs.iter().map(|pair| of(pair.0 - x, pair.1 - y)).sum() };
    let r = sum(&|a, b| a * b) / (sum(&|a, _| a * a) * sum(&|_, b| b * b)).sqrt();
    // NaN where a value is not finite, or all are so near each other that their squares vanish.
    r.is_finite().then(|| r.clamp(-1.0, 1.0))
}

/// Spearman's rank correlation of `pairs`, −1 to 1: Pearson's of their ranks, where equal values share the mean of theirs.
/// `None` for fewer than two pairs, if one side does not vary, or with a value that is not finite.
pub fn spearman(pairs: &[(f64, f64)]) -> Option<f64> {
    if pairs.iter().any(|(x, y)| !x.is_finite() || !y.is_finite()) {
        return None;
    }
    let x = ranks(&pairs.iter().map(|p| p.0).collect::<Vec<_>>());
    let y = ranks(&pairs.iter().map(|p| p.1).collect::<Vec<_>>());
    pearson(&x.into_iter().zip(y).collect::<Vec<_>>())
}

/// Ranks from 1, ties at their mean.
fn ranks(values: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_by(|&a, &b| values[a].total_cmp(&values[b]));
    let mut ranks = vec![0.0; values.len()];
    let mut below = 0;
    for tied in order.chunk_by(|&a, &b| values[a] == values[b]) {
        let rank = below as f64 + (tied.len() as f64 + 1.0) / 2.0;
        tied.iter().for_each(|&i| ranks[i] = rank);
        below += tied.len();
    }
    ranks
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_textbook_example() {
        // Hours of television against IQ, as in the article on the coefficient in Wikipedia: −29/165.
        let x = [106.0, 100.0, 86.0, 101.0, 99.0, 103.0, 97.0, 113.0, 112.0, 110.0];
        let y = [7.0, 27.0, 2.0, 50.0, 28.0, 29.0, 20.0, 12.0, 6.0, 17.0];
        let pairs: Vec<_> = x.into_iter().zip(y).collect();
        let rho = spearman(&pairs).unwrap();
        assert!((rho + 29.0 / 165.0).abs() < 1e-12, "{rho}");
    }

    #[test]
    fn pearson_of_known_figures() {
        // Anscombe's first set, with the r of Python's statistics.correlation.
        let x = [10.0, 8.0, 13.0, 9.0, 11.0, 14.0, 6.0, 4.0, 12.0, 7.0, 5.0];
        let y = [8.04, 6.95, 7.58, 8.81, 8.33, 9.96, 7.24, 4.26, 10.84, 4.82, 5.68];
        let pairs: Vec<_> = x.into_iter().zip(y).collect();
        let r = pearson(&pairs).unwrap();
        assert!((r - 0.816_420_516_344_84).abs() < 1e-12, "{r}");
        // The same when one side is scaled and moved; turned, the other sign.
        let moved: Vec<_> = pairs.iter().map(|&(x, y)| (3.0 * x + 100.0, -y)).collect();
        assert!((pearson(&moved).unwrap() + r).abs() < 1e-12);
        assert_eq!(pearson(&[(0.1, 0.1), (0.7, 0.7), (0.3, 0.3)]), Some(1.0));
    }

    #[test]
    fn ties_and_what_is_not_defined() {
        assert_eq!(ranks(&[3.0, 1.0, 3.0, 2.0]), [3.5, 1.0, 3.5, 2.0]);
        for correlation in [pearson, spearman] {
            assert_eq!(correlation(&[(1.0, 1.0), (2.0, 1.0)]), None);
            assert_eq!(correlation(&[(1.0, 1.0)]), None);
            assert_eq!(correlation(&[]), None);
            assert_eq!(correlation(&[(1.0, f64::NAN), (2.0, 1.0)]), None);
        }
        // Three times 0.1 has another mean than 0.1.
        assert_eq!(pearson(&[(0.1, 1.0), (0.1, 2.0), (0.1, 3.0)]), None);
    }
}
