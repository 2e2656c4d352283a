//! Correlation of the returns of policies in a world and in the simulator.

use serde::{Serialize, Serializer};
use traj_metrics::{Bootstrap, Estimate, MetricError, pearson, spearman};

/// Returns of one policy from the same starts in both places: the maximum reward of each episode, in [0, 1].
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct PolicyReturns {
    /// In the exact simulator, one per start.
    pub simulator: Vec<f64>,
    /// In the world, one per start, in the same order.
    pub world: Vec<f64>,
}

/// How well the mean returns in a world agree with those in the simulator, over policies. Intervals are bootstrap intervals over
/// starts: each resample draws starts, the same for all policies and both places; the policies stay.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct ReturnCorrelation {
    /// Pearson's r, as `WorldGym` (Quevedo et al. 2025, arXiv:2506.00613) reports it.
    pub pearson: Estimate,
    /// Spearman's rank correlation: whether the world ranks the policies as the simulator does.
    pub spearman: Estimate,
}

/// Why there is no correlation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NoCorrelation {
    /// Too few policies.
    #[error(
        "no correlation: {found} policies are too few; expected at least {least}",
        least = ReturnCorrelation::FEWEST
    )]
    FewPolicies {
        /// Number of policies.
        found: usize,
    },
    /// Returns that do not vary in the simulator.
    #[error("no correlation: the mean return is the same for all policies in the simulator")]
    SameInSimulator,
    /// Returns that do not vary in the world.
    #[error("no correlation: the mean return is the same for all policies in the world")]
    SameInWorld,
}

impl ReturnCorrelation {
    /// Fewest policies with a correlation.
    pub const FEWEST: usize = 3;

    /// The correlation over policies, or the reason why there is none.
    ///
    /// # Example
    ///
    /// ```
    /// use traj_metrics::Bootstrap;
    /// use world_eval::{PolicyReturns, ReturnCorrelation};
    ///
    /// // Three policies, two starts each.
    /// let returns = [0.1, 0.4, 0.9].map(|value| PolicyReturns {
    ///     simulator: vec![value, value],
    ///     world: vec![value / 2.0, value / 2.0],
    /// });
    /// let found = ReturnCorrelation::of(&returns.each_ref(), Bootstrap::default())?;
    /// assert!(found.is_ok_and(|found| found.pearson.value > 0.999 && found.spearman.value == 1.0));
    /// # Ok::<(), traj_metrics::MetricError>(())
    /// ```
    ///
    /// # Errors
    /// Other numbers of returns than those of the first policy in the simulator, or none; a return that is not finite.
    pub fn of(policies: &[&PolicyReturns], bootstrap: Bootstrap) -> Result<Result<Self, NoCorrelation>, MetricError> {
        let starts = policies.first().map_or(0, |policy| policy.simulator.len());
        for returns in policies.iter().flat_map(|policy| [&policy.simulator, &policy.world]) {
            if returns.len() != starts {
                return Err(MetricError::Unequal {
                    what: "returns of a policy",
                    left: starts,
                    right: returns.len(),
                });
            }
            if let Some(index) = returns.iter().position(|value| !value.is_finite()) {
                let value = returns[index];
                return Err(MetricError::BadValue { index, value });
            }
        }
        let found = policies.len();
        if found < Self::FEWEST {
            return Ok(Err(NoCorrelation::FewPolicies { found }));
        }
        if starts == 0 {
            return Err(MetricError::Empty);
        }
        let all: Vec<usize> = (0..starts).collect();
        let pairs = means(policies, &all);
        let (Some(r), Some(rank)) = (pearson(&pairs), spearman(&pairs)) else {
            let same = pairs.iter().all(|pair| pair.0 == pairs[0].0);
            return Ok(Err(if same {
                NoCorrelation::SameInSimulator
            } else {
                NoCorrelation::SameInWorld
            }));
        };
        Ok(Ok(Self {
            pearson: bootstrap.estimate(r, &[starts], |drawn| pearson(&means(policies, &drawn[0])))?,
            spearman: bootstrap.estimate(rank, &[starts], |drawn| spearman(&means(policies, &drawn[0])))?,
        }))
    }
}

/// Mean returns of each policy over these starts, in the simulator and in the world.
fn means(policies: &[&PolicyReturns], starts: &[usize]) -> Vec<(f64, f64)> {
    let mean = |returns: &[f64]| starts.iter().map(|&at| returns[at]).sum::<f64>() / starts.len() as f64;
    let one = |policy: &&PolicyReturns| (mean(&policy.simulator), mean(&policy.world));
    policies.iter().map(one).collect()
}

/// In files the correlation, or `{"none": reason}`.
pub(super) fn serialize<S: Serializer>(
    correlation: &Result<ReturnCorrelation, NoCorrelation>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    #[derive(Serialize)]
    struct Reason {
        none: String,
    }
    match correlation {
        Ok(found) => found.serialize(serializer),
        Err(reason) => Reason {
            none: reason.to_string(),
        }
        .serialize(serializer),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(policies: &[([f64; 4], [f64; 4])]) -> Result<ReturnCorrelation, NoCorrelation> {
        let returns: Vec<PolicyReturns> = policies
            .iter()
            .map(|(simulator, world)| PolicyReturns {
                simulator: simulator.to_vec(),
                world: world.to_vec(),
            })
            .collect();
        ReturnCorrelation::of(&returns.iter().collect::<Vec<_>>(), Bootstrap::default()).unwrap()
    }

    #[test]
    fn equal_returns_agree_in_every_resample() {
        let same = [[0.0, 0.1, 0.2, 0.1], [0.5, 0.4, 0.6, 0.3], [1.0, 0.9, 1.0, 0.8]].map(|one| (one, one));
        let found = found(&same).unwrap();
        for estimate in [found.pearson, found.spearman] {
            let bounds = estimate.bounds.unwrap();
            assert_eq!([estimate.value, bounds.low, bounds.high], [1.0; 3]);
        }
    }

    #[test]
    fn reversed_returns_disagree_and_noise_widens_the_interval() {
        let [low, middle, high] = [[0.1; 4], [0.5; 4], [0.9; 4]];
        let reversed = found(&[(low, high), (middle, middle), (high, low)]).unwrap();
        assert!((reversed.pearson.value + 1.0).abs() < 1e-12 && (reversed.spearman.value + 1.0).abs() < 1e-12);
        // Which of the last two is better in the world depends on the starts that are drawn.
        let noisy = [(low, low), (middle, [0.2, 1.0, 0.3, 0.9]), (high, [0.9, 0.4, 0.6, 0.7])];
        let found = found(&noisy).unwrap();
        let bounds = found.spearman.bounds.unwrap();
        assert_eq!((found.spearman.value, bounds.low, bounds.high), (1.0, 0.5, 1.0));
    }

    #[test]
    fn where_there_is_none_the_reason_is_given() {
        let [a, b, c] = [[0.1; 4], [0.5; 4], [0.9; 4]];
        let none = |policies: &[([f64; 4], [f64; 4])]| found(policies).unwrap_err();
        assert_eq!(none(&[(a, a), (b, b)]), NoCorrelation::FewPolicies { found: 2 });
        assert_eq!(none(&[(a, a), (a, b), (a, c)]), NoCorrelation::SameInSimulator);
        assert_eq!(none(&[(a, a), (b, a), (c, a)]), NoCorrelation::SameInWorld);
        assert!(
            none(&[])
                .to_string()
                .contains("0 policies are too few; expected at least 3")
        );
        let short = PolicyReturns {
            simulator: vec![0.5],
            world: Vec::new(),
        };
        assert!(ReturnCorrelation::of(&[&short], Bootstrap::default()).is_err());
    }
}
