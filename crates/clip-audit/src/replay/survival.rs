//! Survival analysis: the share of replays that have not diverged after a number of steps, with clips that end earlier.

use super::Replay;
use super::clusters::Clusters;
use serde::{Deserialize, Serialize};
use traj_metrics::{Estimate, MetricError};

/// Steps at which the share of replays not diverged is reported.
pub const SURVIVAL_STEPS: [usize; 5] = [10, 20, 40, 80, 160];

/// Share of replays that have not diverged after a number of steps.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct SurvivalPoint {
    /// Steps from the start.
    pub steps: usize,
    /// Number of replays compared for that many steps.
    pub replays: usize,
    /// The share.
    pub share: Estimate,
}

/// Shares at those [`SURVIVAL_STEPS`] that some clip reaches.
pub(crate) fn survival(replays: &[&Replay], clusters: &Clusters<'_>) -> Result<Vec<SurvivalPoint>, MetricError> {
    let ends: Vec<(usize, bool)> = replays.iter().map(|r| (r.steps_to_divergence, r.diverged)).collect();
    // A clip that diverges after h steps was compared at step h + 1.
    let compared = |steps: usize| {
        replays
            .iter()
            .filter(|r| r.steps_to_divergence + usize::from(r.diverged) >= steps)
            .count()
    };
    let told = SURVIVAL_STEPS.into_iter().filter(|&steps| compared(steps) > 0);
    told.map(|steps| {
        Ok(SurvivalPoint {
            steps,
            replays: compared(steps),
            share: clusters.estimate(&ends, |ends| kaplan_meier(ends, steps))?,
        })
    })
    .collect()
}

/// Π (1 − divergences at step s / clips compared at step s) over the steps s up to `steps`.
fn kaplan_meier(ends: &mut [(usize, bool)], steps: usize) -> f64 {
    ends.sort_unstable();
    let (mut share, mut at) = (1.0, 0);
    while at < ends.len() && ends[at].0 < steps {
        let steps_to_divergence = ends[at].0;
        let same = ends[at..].iter().take_while(|e| e.0 == steps_to_divergence).count();
        // Sorted: clips that end here come first, and were not compared at the step after.
        let diverged = ends[at..at + same].iter().filter(|e| e.1).count();
        if diverged > 0 {
            share *= 1.0 - diverged as f64 / (ends.len() - at - (same - diverged)) as f64;
        }
        at += same;
    }
    share
}

#[cfg(test)]
mod tests {
    use super::kaplan_meier;

    #[test]
    fn survival_by_hand() {
        // One of four diverges after 2 steps, one ends at 3, one of the two left diverges after 5, one ends at 9.
        let ends = vec![(5, true), (2, true), (9, false), (3, false)];
        for (steps, expected) in [(2, 1.0), (3, 0.75), (5, 0.75), (6, 0.375), (9, 0.375)] {
            assert_eq!(kaplan_meier(&mut ends.clone(), steps), expected, "{steps}");
        }
        // Of two that end at one step, the one that ended was not compared at the step after.
        assert_eq!(kaplan_meier(&mut [(4, false), (4, true), (7, false)], 5), 0.5);
    }
}
