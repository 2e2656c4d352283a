//! Errors of a verdict.

use traj_metrics::MetricError;

use crate::Arm;

/// Errors of computing a verdict.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum VerdictError {
    /// A missing arm that the rule needs.
    #[error("the verdict needs the arm {arm}; found {found}: run all arms")]
    Missing {
        /// Name of the arm.
        arm: String,
        /// Names of the existing arms.
        found: String,
    },
    /// Rollouts from different starts.
    #[error(
        "{treatment} and {control} differ in the start of episode {episode}; roll all arms out from the same start seeds"
    )]
    Starts {
        /// Arm with generated data.
        treatment: String,
        /// Arm without.
        control: String,
        /// First episode that differs.
        episode: usize,
    },
    /// Scores without an interval.
    #[error("{treatment} and {control} cannot be compared: {source}")]
    RolloutScores {
        /// Arm with generated data.
        treatment: String,
        /// Arm without.
        control: String,
        /// The error.
        source: MetricError,
    },
}

impl VerdictError {
    /// Two arms with other starts.
    pub(crate) fn starts(treatment: &Arm, control: &Arm) -> Self {
        Self::Starts {
            treatment: treatment.name.clone(),
            control: control.name.clone(),
            episode: first_difference(&treatment.starts(), &control.starts()).unwrap_or(0),
        }
    }
}

/// The first index at which two lists of starts differ, in length or value.
pub(crate) fn first_difference(a: &[u64], b: &[u64]) -> Option<usize> {
    (0..a.len().max(b.len())).find(|&i| a.get(i) != b.get(i))
}
