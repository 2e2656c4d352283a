//! From results to the rows of a report: intervals of arms, measures of actions, floors.

use super::{
    ActionRow, Arm, ExtractionRow, Fit, OtherGenerator, Report, Role, RowKind, SeedResult, Training, TrainingData,
};
use crate::EpisodeScores;
use traj_metrics::{ActionMeasures, Bootstrap, Floor, MetricError, SequenceMeasures, directness};

impl Report {
    /// Everyone who was rolled out: the arms, other policies, floors and the ceiling.
    pub(crate) fn players(&self) -> impl Iterator<Item = &Arm> {
        let trained = |arm: &&Arm| arm.role == Role::Trained;
        let others = self.other_policies.iter().map(|other| &other.arm);
        let rest = self.arms.iter().filter(move |arm| !trained(arm));
        self.arms.iter().filter(trained).chain(others).chain(rest)
    }
}

impl OtherGenerator {
    /// The model, and what it was told.
    pub(crate) fn told(&self) -> String {
        match &self.prompt {
            Some(prompt) => format!("{}, with the prompt “{prompt}”", self.model),
            None => self.model.clone(),
        }
    }
}

impl Arm {
    /// An arm with its intervals, bootstrapped over seeds × starts; each number by
    /// itself; for differences between arms see [`crate::Verdict`].
    ///
    /// # Errors
    /// No roll-outs, seeds with unequal numbers of them, or scores that are not finite.
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

    /// Mean reward per step, one row a seed, one column a start.
    pub fn rewards(&self) -> Vec<Vec<f64>> {
        table(&self.seeds, |e| e.mean_reward)
    }

    /// Start seeds of the columns of [`Arm::rewards`].
    pub fn starts(&self) -> Vec<u64> {
        let first = self.seeds.first().map_or(&[][..], |s| &s.rollouts[..]);
        first.iter().map(|e| e.start_seed).collect()
    }

    /// How many roll-outs its numbers are taken over, e.g. `3 × 100`: training seeds by starts; just the starts when there
    /// is one seed.
    pub(crate) fn played(&self) -> String {
        let starts = self.seeds.first().map_or(0, |s| s.rollouts.len());
        match self.seeds.len() {
            0 | 1 => starts.to_string(),
            seeds => format!("{seeds} × {starts}"),
        }
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

    /// Error (px²) and R² on the test part against own labels, mean over seeds.
    pub(crate) fn fit_own(&self) -> [Option<f64>; 2] {
        self.fit(|t| t.test_own)
    }

    /// Error (px²) and R² on the test part against recorded actions, mean over seeds.
    pub(crate) fn fit_recorded(&self) -> [Option<f64>; 2] {
        self.fit(|t| t.test_recorded)
    }

    fn fit(&self, which: fn(&Training) -> Option<Fit>) -> [Option<f64>; 2] {
        [
            self.over_seeds(|t| which(t).map(|f| f.mse)),
            self.over_seeds(|t| which(t).and_then(|f| f.r2)),
        ]
    }
}

fn table(seeds: &[SeedResult], number: impl Fn(&EpisodeScores) -> f64) -> Vec<Vec<f64>> {
    seeds.iter().map(|s| s.rollouts.iter().map(&number).collect()).collect()
}

impl ActionRow {
    /// The row of a set of action sequences, with what the strip chart of directness needs.
    ///
    /// # Errors
    /// No sequences, one with fewer than 4 actions, or a coordinate that is not finite.
    pub fn measured<S: AsRef<[[f64; 2]]>>(name: &str, set: &[S]) -> Result<Self, MetricError> {
        let each = set.iter().map(|s| directness(s.as_ref()));
        Ok(Self {
            name: name.to_owned(),
            kind: RowKind::Measured,
            measures: SequenceMeasures::of(set)?,
            directness_episodes: each.filter_map(Result::transpose).collect::<Result<_, _>>()?,
        })
    }

    /// The rows of the floors of a set of actions.
    pub fn floors(measures: &ActionMeasures) -> Vec<Self> {
        let row = |(name, floor): (&str, &Floor)| Self {
            name: name.to_owned(),
            kind: RowKind::Floor,
            measures: floor.measures.clone(),
            directness_episodes: Vec::new(),
        };
        floors(measures).map(row).collect()
    }
}

impl ExtractionRow {
    /// The rows of the floors of the recorded actions `measures` was made of; `on` says which frames those are.
    pub fn floors(measures: &ActionMeasures, on: &str) -> Vec<Self> {
        let row = |(name, floor): (&str, &Floor)| Self {
            name: name.to_owned(),
            kind: RowKind::Floor,
            on: on.to_owned(),
            frames: floor.measures.actions,
            l2: floor.l2,
        };
        floors(measures).map(row).collect()
    }
}

/// The floors by the names that tables give them.
fn floors(measures: &ActionMeasures) -> impl Iterator<Item = (&'static str, &Floor)> {
    let next = measures.next_position.as_ref().map(|f| ("next agent position", f));
    [
        ("constant (mean action)", &measures.constant),
        ("white noise, same variance", &measures.white_noise),
    ]
    .into_iter()
    .chain(next)
}
