//! From the results of an arm's seeds to its row in the table.

use super::{Arm, Role, SeedResult, Training, TrainingData};
use crate::EpisodeScores;
use crate::stats::{StatsError, mean_interval};

impl Arm {
    /// An arm with its intervals, bootstrapped over seeds × starts; the draws follow from `bootstrap_seed`.
    ///
    /// # Errors
    /// No roll-outs, seeds with unequal numbers of them, or scores that are not finite.
    pub fn new(
        name: &str,
        what: &str,
        role: Role,
        data: Option<TrainingData>,
        seeds: Vec<SeedResult>,
        bootstrap_seed: u64,
    ) -> Result<Self, StatsError> {
        let of = |number: fn(&EpisodeScores) -> f64| mean_interval(&table(&seeds, number), bootstrap_seed);
        Ok(Self {
            name: name.to_owned(),
            what: what.to_owned(),
            role,
            data,
            mean_reward: of(|e| e.mean_reward)?,
            max_reward: of(|e| e.max_reward)?,
            success: of(EpisodeScores::success)?,
            seeds,
        })
    }

    /// Mean reward per step, one row a seed, one column a start.
    pub fn rewards(&self) -> Vec<Vec<f64>> {
        table(&self.seeds, |e| e.mean_reward)
    }

    /// Start seeds of the columns of [`Arm::rewards`].
    pub fn starts(&self) -> Vec<u64> {
        let first = self.seeds.first().map_or(&[][..], |s| &s.rollouts[..]);
        first.iter().map(|e| e.start_seed).collect()
    }

    /// All roll-outs of all seeds.
    pub fn rollouts(&self) -> impl Iterator<Item = &EpisodeScores> {
        self.seeds.iter().flat_map(|s| &s.rollouts)
    }

    /// Mean over seeds of a number of their training, where every seed has it.
    pub fn over_seeds(&self, number: impl Fn(&Training) -> Option<f64>) -> Option<f64> {
        let values: Option<Vec<f64>> = self
            .seeds
            .iter()
            .map(|s| s.training.as_ref().and_then(&number))
            .collect();
        values
            .filter(|v| !v.is_empty())
            .map(|v| v.iter().sum::<f64>() / v.len() as f64)
    }
}

fn table(seeds: &[SeedResult], number: impl Fn(&EpisodeScores) -> f64) -> Vec<Vec<f64>> {
    seeds.iter().map(|s| s.rollouts.iter().map(&number).collect()).collect()
}
