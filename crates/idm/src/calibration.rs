//! Calibration of predicted standard deviations.

use pusht_env::Action;
use serde::{Deserialize, Serialize};

use crate::coverage::Z_90;

/// Number of parts by pace.
const PARTS: usize = 4;

/// Minimum number of errors per part; with fewer there is no calibration.
const ENOUGH: usize = 40;

/// Factors on predicted deviations, one per quarter of the actions by pace, fitted so that 90 % of the validation
/// errors lie within the 90 % interval. Fast actions are harder to estimate than slow ones, and a network fitted to its
/// training videos underestimates by how much.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Calibration {
    /// Boundaries of the quarters, px per step.
    paces: [f32; PARTS - 1],
    factors: [f32; PARTS],
}

impl Calibration {
    /// Leaves deviations unchanged.
    pub(crate) const NONE: Self = Self {
        paces: [0.0; PARTS - 1],
        factors: [1.0; PARTS],
    };

    /// Fits the factors to errors: pairs of the action's pace and the error divided by its predicted deviation.
    pub(crate) fn fit(mut errors: Vec<(f32, f32)>) -> Self {
        if errors.len() < PARTS * ENOUGH {
            return Self::NONE;
        }
        errors.sort_by(|a, b| a.0.total_cmp(&b.0));
        let edge = |part: usize| part * errors.len() / PARTS;
        let factor = |part: usize| {
            let mut ratios: Vec<f32> = errors[edge(part)..edge(part + 1)].iter().map(|e| e.1).collect();
            ratios.sort_by(f32::total_cmp);
            (ratios[ratios.len() * 9 / 10] / Z_90 as f32).max(1e-3)
        };
        Self {
            paces: std::array::from_fn(|part| errors[edge(part + 1)].0),
            factors: std::array::from_fn(factor),
        }
    }

    /// Factor on the deviation of an action of this pace.
    pub(crate) fn factor(&self, pace: f32) -> f32 {
        self.factors[self.paces.iter().filter(|edge| pace >= **edge).count()]
    }

    pub(crate) fn is_sound(&self) -> bool {
        self.paces.iter().all(|pace| pace.is_finite()) && self.factors.iter().all(|f| f.is_finite() && *f > 0.0)
    }
}

/// Pace of an action, px per step: half the distance from the previous action to the next.
pub(crate) fn pace(actions: &[Action], at: usize) -> f32 {
    let (before, after) = (at.saturating_sub(1), (at + 1).min(actions.len() - 1));
    let [x, y] = [0, 1].map(|k| actions[after][k] - actions[before][k]);
    x.hypot(y) / (after - before).max(1) as f32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nine_of_ten_errors_are_held_in_every_part() {
        // Errors as large as the pace, deviations stated as 1.
        let errors: Vec<(f32, f32)> = (0..4000)
            .map(|i| {
                (
                    i as f32 / 100.0,
                    (i / 1000 + 1) as f32 * ((i * 7919) % 1000) as f32 / 1000.0,
                )
            })
            .collect();
        let calibration = Calibration::fit(errors.clone());
        for part in 0..4 {
            let own = &errors[part * 1000..(part + 1) * 1000];
            let held = own
                .iter()
                .filter(|(pace, size)| size / calibration.factor(*pace) < Z_90 as f32);
            let held = held.count();
            assert!((890..=910).contains(&held), "{held}");
        }
        assert!(calibration.is_sound());
        assert_eq!(Calibration::fit(errors[..100].to_vec()), Calibration::NONE);
    }

    #[test]
    fn the_pace_at_the_ends_is_that_of_one_step() {
        let actions = [[0.0, 0.0], [3.0, 4.0], [9.0, 12.0]];
        assert_eq!([0, 1, 2].map(|at| pace(&actions, at)), [5.0, 7.5, 10.0]);
        assert_eq!(pace(&actions[..1], 0), 0.0);
    }
}
