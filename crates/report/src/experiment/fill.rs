//! Computes rows of a report from results: intervals of arms, measures of actions, floors.

use super::{ActionRow, ExperimentReport, ExtractionRow, OtherGenerator, RowKind};
use eval::{Arm, Fit, Role, Training};
use traj_metrics::{ActionMeasures, Floor, MetricError, SequenceMeasures, directness};

impl ExperimentReport {
    /// All arms with rollouts: the arms of the experiment, other policies, floors and the ceiling.
    pub(crate) fn players(&self) -> impl Iterator<Item = &Arm> {
        let trained = |arm: &&Arm| arm.role == Role::Trained;
        let others = self.other_policies.iter().map(|other| &other.arm);
        let rest = self.arms.iter().filter(move |arm| !trained(arm));
        self.arms.iter().filter(trained).chain(others).chain(rest)
    }
}

impl OtherGenerator {
    /// The model and its prompt.
    pub(crate) fn told(&self) -> String {
        match &self.prompt {
            Some(prompt) => format!("{}, with the prompt “{prompt}”", self.model),
            None => self.model.clone(),
        }
    }
}

/// Number of rollouts of an arm, e.g. `3 × 100`: training seeds × starts; only the starts if there is one seed.
pub(crate) fn played(arm: &Arm) -> String {
    let starts = arm.seeds.first().map_or(0, |s| s.rollouts.len());
    match arm.seeds.len() {
        0 | 1 => starts.to_string(),
        seeds => format!("{seeds} × {starts}"),
    }
}

/// Error (px²) and R² of an arm on the test part relative to its own labels, mean over seeds.
pub(crate) fn fit_own(arm: &Arm) -> [Option<f64>; 2] {
    fit(arm, |t| t.test_own)
}

/// Error (px²) and R² of an arm on the test part relative to recorded actions, mean over seeds.
pub(crate) fn fit_recorded(arm: &Arm) -> [Option<f64>; 2] {
    fit(arm, |t| t.test_recorded)
}

fn fit(arm: &Arm, which: fn(&Training) -> Option<Fit>) -> [Option<f64>; 2] {
    [
        arm.over_seeds(|t| which(t).map(|f| f.mse)),
        arm.over_seeds(|t| which(t).and_then(|f| f.r2)),
    ]
}

impl ActionRow {
    /// The row of a set of action sequences, with the values for the strip chart of directness.
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
    /// The rows of the floors of the recorded actions that `measures` was computed from; `on` names their frames.
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

/// The floors with their names in tables.
fn floors(measures: &ActionMeasures) -> impl Iterator<Item = (&'static str, &Floor)> {
    let next = measures.next_position.as_ref().map(|f| ("next agent position", f));
    [
        ("constant (mean action)", &measures.constant),
        ("white noise, same variance", &measures.white_noise),
    ]
    .into_iter()
    .chain(next)
}
