//! Krippendorff's alpha: agreement of raters beyond chance, for any number of raters and with missing values.
//!
//! Klaus Krippendorff, "Computing Krippendorff's Alpha-Reliability", 2011. With n_uc the number of raters who gave unit
//! u the value c, and m_u = Σ_c n_uc (units with m_u < 2 carry no information about agreement and are left out):
//!
//! o_ck = Σ_u n_uc (n_uk − [c = k]) / (m_u − 1),  n_c = Σ_k o_ck,  n = Σ_c n_c,
//! α = 1 − (n − 1) · Σ_c Σ_k o_ck δ²_ck / Σ_c Σ_k n_c n_k δ²_ck.

use crate::Scale;

/// Level of measurement, which defines the distance δ² between two values.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// Values are names: δ² = 1 for different ones.
    Nominal,
    /// Values are ranks: δ²_ck = (Σ_{g=c..k} n_g − (n_c + n_k) / 2)².
    Ordinal,
}

impl Level {
    /// The level of the raters' answers on a scale.
    pub(super) fn of(scale: Scale) -> Self {
        match scale {
            Scale::Responsibility => Self::Nominal,
            Scale::Adherence | Scale::Physics => Self::Ordinal,
        }
    }
}

/// Krippendorff's alpha of `units[u]`, the values that the raters gave unit u, in any order. 1 is perfect agreement, 0
/// is chance level, negative values are worse than chance. `None` if it is not defined: no unit has two values, or all
/// values are the same.
pub fn krippendorff_alpha<U: AsRef<[u8]>>(units: &[U], level: Level) -> Option<f64> {
    let highest = units.iter().flat_map(AsRef::as_ref).copied().max()?;
    let values = usize::from(highest) + 1;
    let mut together = vec![vec![0.0; values]; values];
    let mut counts = vec![0.0_f64; values];
    for unit in units.iter().map(AsRef::as_ref).filter(|u| u.len() >= 2) {
        counts.fill(0.0);
        unit.iter().for_each(|&v| counts[usize::from(v)] += 1.0);
        let pairs = unit.len() as f64 - 1.0;
        for c in 0..values {
            for k in 0..values {
                let same = if c == k { 1.0 } else { 0.0 };
                together[c][k] += counts[c] * (counts[k] - same) / pairs;
            }
        }
    }
    let totals: Vec<f64> = together.iter().map(|row| row.iter().sum()).collect();
    let n: f64 = totals.iter().sum();
    let (mut observed, mut expected) = (0.0, 0.0);
    for c in 0..values {
        for k in c + 1..values {
            let distance = match level {
                Level::Nominal => 1.0,
                Level::Ordinal => {
                    let between: f64 = totals[c..=k].iter().sum();
                    (between - (totals[c] + totals[k]) / 2.0).powi(2)
                }
            };
            observed += together[c][k] * distance;
            expected += totals[c] * totals[k] * distance;
        }
    }
    (expected > 0.0).then(|| 1.0 - (n - 1.0) * observed / expected)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of the cited text: four observers, twelve units, gaps.
    fn published() -> Vec<Vec<u8>> {
        let observers: [[u8; 12]; 4] = [
            [1, 2, 3, 3, 2, 1, 4, 1, 2, 0, 0, 0],
            [1, 2, 3, 3, 2, 2, 4, 1, 2, 5, 0, 3],
            [0, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, 0],
            [1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, 0],
        ];
        let unit = |u: usize| observers.iter().map(|o| o[u]).filter(|&v| v > 0).collect();
        (0..12).map(unit).collect()
    }

    #[test]
    fn the_published_example() {
        let nominal = krippendorff_alpha(&published(), Level::Nominal).unwrap();
        let ordinal = krippendorff_alpha(&published(), Level::Ordinal).unwrap();
        assert!((nominal - 0.743).abs() < 5e-4, "{nominal}");
        assert!((ordinal - 0.815).abs() < 5e-4, "{ordinal}");
    }

    #[test]
    fn where_it_is_not_defined() {
        let none: [&[u8]; 0] = [];
        assert_eq!(krippendorff_alpha(&none, Level::Ordinal), None);
        assert_eq!(
            krippendorff_alpha(&[[1u8].as_slice(), &[2]], Level::Nominal),
            None,
            "one rater"
        );
        assert_eq!(krippendorff_alpha(&[[1u8, 1], [1, 1]], Level::Nominal), None);
        assert_eq!(krippendorff_alpha(&[[1u8, 1], [2, 2]], Level::Nominal), Some(1.0));
    }
}
