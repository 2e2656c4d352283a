//! Results of an arm of an experiment: the training data of its policies and their rollouts. (`pipeline` defines which
//! arms an experiment has.)

use serde::{Deserialize, Serialize};
use traj_metrics::{Bootstrap, Interval, MetricError};

use crate::EpisodeScores;

/// Purpose of an arm in an experiment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// A policy trained on data.
    Trained,
    /// Needs no training; a useful policy must beat it.
    Floor,
    /// Needs no training; an upper reference.
    Ceiling,
}

/// One arm with its results. [`Arm::new`] computes the intervals.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Arm {
    /// Name, e.g. `demo-matched`.
    pub name: String,
    /// Short description, e.g. `as many demonstration frames as generated has`.
    pub what: String,
    /// Purpose of the arm.
    pub role: Role,
    /// Its training data; `None` for floors and the ceiling.
    pub data: Option<TrainingData>,
    /// One entry per training seed; floors and the ceiling have one.
    pub seeds: Vec<SeedResult>,
    /// Mean reward per step.
    pub mean_reward: Interval,
    /// Maximum reward of an episode.
    pub max_reward: Interval,
    /// Share of solved episodes (coverage above 0.95 at any step).
    pub success: Interval,
}

/// Training data of a policy.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TrainingData {
    /// Episodes or clips in the training part.
    pub episodes: usize,
    /// Frames in the training part.
    pub frames: usize,
    /// Origin of the labels: `recorded`, or the name of the inverse dynamics.
    pub labels: String,
}

/// One trained policy (or a floor) and its rollouts.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SeedResult {
    /// Training seed; for a floor the seed of its random draws.
    pub seed: u64,
    /// Results of training; `None` for floors and the ceiling.
    pub training: Option<Training>,
    /// One entry per rollout, in order of the start seeds, which are the same for every arm and seed.
    pub rollouts: Vec<EpisodeScores>,
}

/// Results of training. Squared errors are in px² of the 512 board, the mean over x and y.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Training {
    /// Loss curve.
    pub curve: Vec<LossPoint>,
    /// Fit on the test part, compared with the labels that the arm was trained with, as the paper reports it.
    pub test_own: Option<Fit>,
    /// Fit on the test part of the demonstrations, compared with recorded actions.
    pub test_recorded: Option<Fit>,
    /// Mean squared error on the arm's validation part, px².
    pub validation_mse: Option<f64>,
    /// Duration, s.
    pub seconds: f64,
}

/// Fit of predictions to labels.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Fit {
    /// Mean squared error, px², mean over x and y.
    pub mse: f64,
    /// Coefficient of determination, mean over x and y; `None` if the labels do not vary.
    pub r2: Option<f64>,
    /// Number of frames.
    pub frames: usize,
}

/// One point of a loss curve.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct LossPoint {
    /// Number of epochs done, with fractions.
    pub epoch: f64,
    /// Training loss as minimized: the policy's own unit, or that of another model's loss. NaN (a training run that
    /// diverged) is `null` in the file.
    #[serde(deserialize_with = "null_is_nan")]
    pub train: f64,
    /// Validation loss, if it was computed: for a policy the mean squared error in px², for another model in the unit
    /// of its training loss.
    pub validation: Option<f64>,
}

fn null_is_nan<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<f64, D::Error> {
    Ok(Option::deserialize(deserializer)?.unwrap_or(f64::NAN))
}

impl Arm {
    /// An arm with its intervals, bootstrapped over seeds × starts, each computed separately; for differences between
    /// arms see [`crate::Verdict`].
    ///
    /// # Errors
    /// No rollouts, seeds with unequal numbers of them, or scores that are not finite.
    pub fn new(
        name: &str,
        what: &str,
        role: Role,
        data: Option<TrainingData>,
        seeds: Vec<SeedResult>,
        bootstrap: Bootstrap,
    ) -> Result<Self, MetricError> {
        let of = |number: fn(&EpisodeScores) -> f64| bootstrap.two_level(&table(&seeds, number));
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

    /// Mean reward per step, one row per seed, one column per start.
    pub fn rewards(&self) -> Vec<Vec<f64>> {
        table(&self.seeds, |e| e.mean_reward)
    }

    /// Start seeds of the columns of [`Arm::rewards`].
    pub fn starts(&self) -> Vec<u64> {
        let first = self.seeds.first().map_or(&[][..], |s| &s.rollouts[..]);
        first.iter().map(|e| e.start_seed).collect()
    }

    /// All rollouts of all seeds.
    pub fn rollouts(&self) -> impl Iterator<Item = &EpisodeScores> {
        self.seeds.iter().flat_map(|s| &s.rollouts)
    }

    /// Mean over seeds of a number of their training, if every seed has it.
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
