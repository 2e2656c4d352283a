//! Estimates the spreads of a track by maximum likelihood.

/// Rounding of the drawn agent to whole px, √(1/12): no track of 96 × 96 frames is more exact.
pub(crate) const LEAST_NOISE: f64 = 0.29;

/// Largest noise that is tried, px: a track with that noise hardly determines the actions.
const MOST_NOISE: f64 = 24.0;

/// Change of pace of the human demonstrations, px, and the spread of its logarithm: the prior for short tracks.
const USUAL_PACE: f64 = 5.0;
const PACE_SPREAD: f64 = 0.7;

/// Factors between neighboring values of the two grids.
const FACTORS: [f64; 2] = [1.6, 1.15];

/// The spreads of positions and of the change of pace. Those that are not given maximize the likelihood (times a
/// log-normal density of the change of pace): over a coarse grid, then over a fine one around the best.
pub(crate) fn estimate(
    position_noise: Option<f64>,
    pace_step: Option<f64>,
    log_likelihood: impl Fn([f64; 2]) -> f64,
) -> [f64; 2] {
    let mut best = [position_noise.unwrap_or(LEAST_NOISE), pace_step.unwrap_or(USUAL_PACE)];
    if position_noise.is_some() && pace_step.is_some() {
        return best;
    }
    let posterior = |spreads: [f64; 2]| {
        let away = (spreads[1] / USUAL_PACE).ln() / PACE_SPREAD;
        log_likelihood(spreads) - 0.5 * away * away
    };
    let mut highest = f64::NEG_INFINITY;
    for (round, factor) in FACTORS.into_iter().enumerate() {
        let center = best;
        let powers = |given: bool, reach: [i32; 2]| if given { 0..=0 } else { reach[0]..=reach[1] };
        let coarse = round == 0;
        for i in powers(position_noise.is_some(), if coarse { [0, 9] } else { [-2, 2] }) {
            for j in powers(pace_step.is_some(), if coarse { [-3, 4] } else { [-2, 2] }) {
                let mut spreads = [center[0] * factor.powi(i), center[1] * factor.powi(j)];
                if position_noise.is_none() {
                    spreads[0] = spreads[0].clamp(LEAST_NOISE, MOST_NOISE);
                }
                let value = posterior(spreads);
                if value > highest {
                    (highest, best) = (value, spreads);
                }
            }
        }
    }
    best
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_highest_point_is_found_and_given_spreads_stay() {
        let peak =
            |at: [f64; 2]| move |s: [f64; 2]| -100.0 * ((s[0] / at[0]).ln().powi(2) + (s[1] / at[1]).ln().powi(2));
        for at in [[0.3, 5.0], [1.1, 2.0], [6.0, 20.0]] {
            let found = estimate(None, None, peak(at));
            for k in 0..2 {
                assert!((found[k] / at[k]).ln().abs() < 0.12, "{found:?} {at:?}");
            }
        }
        assert_eq!(estimate(Some(0.1), None, peak([0.3, 5.0]))[0], 0.1);
        assert_eq!(estimate(Some(0.1), Some(9.0), peak([0.3, 5.0])), [0.1, 9.0]);
    }
}
