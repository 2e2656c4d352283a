//! The gate's table.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use serde::{Deserialize, Serialize};
use traj_metrics::Estimate;

use crate::column::GateColumn;
use crate::limit::{GateLimit, GateMeasure, GateOutcome};

/// A world judged by the gate, beside references.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct GateReport {
    /// Where the paths come from.
    pub starts: String,
    /// Frames per clip.
    pub frames: usize,
    /// The judged world.
    pub world: GateColumn,
    /// Its values beside the limits.
    pub outcomes: Vec<GateOutcome>,
    /// Other sets of clips for the same starts.
    pub references: Vec<GateColumn>,
    /// The limits.
    pub limits: Vec<GateLimit>,
}

impl GateReport {
    /// A report on clips of `frames` frames from `starts`.
    pub fn new(starts: &str, frames: usize, world: GateColumn, references: Vec<GateColumn>) -> Self {
        Self {
            starts: starts.to_owned(),
            frames,
            outcomes: world.outcomes(),
            world,
            references,
            limits: GateLimit::ALL.to_vec(),
        }
    }

    /// Whether every value that was measured keeps the gate's limit.
    pub fn passes(&self) -> bool {
        self.outcomes.iter().all(|outcome| outcome.passes)
    }

    /// The result in one sentence.
    pub fn conclusion(&self) -> String {
        let passed = self.outcomes.iter().filter(|outcome| outcome.passes).count();
        let aims = self.outcomes.iter().filter(|outcome| outcome.reaches_aim).count();
        let failed = self.outcomes.iter().filter(|outcome| !outcome.passes);
        let failed: Vec<&str> = failed.map(|outcome| outcome.measure.description()).collect();
        let name = &self.world.name;
        let missing = match self.limits.len() - self.outcomes.len() {
            0 => String::new(),
            n => format!(" ({n} of {} not measured)", self.limits.len()),
        };
        let count = self.outcomes.len();
        if failed.is_empty() {
            format!("{name} passes the gate: {passed} of {count} limits kept, {aims} aims reached{missing}")
        } else {
            format!(
                "{name} does not pass the gate: {passed} of {count} limits kept, {aims} aims reached{missing}; it fails: {}",
                failed.join("; ")
            )
        }
    }

    /// The tables as Markdown: measures with 95 % intervals over clips, then findings.
    pub fn markdown(&self) -> String {
        let columns: Vec<&GateColumn> = std::iter::once(&self.world).chain(&self.references).collect();
        let mut text = format!(
            "{} clips of {} frames, {}.\n\n",
            self.world.clips, self.frames, self.starts
        );
        let names: Vec<&str> = columns[1..].iter().map(|column| column.name.as_str()).collect();
        row(
            &mut text,
            ["measure", "gate", "aim", &self.world.name, "result"]
                .into_iter()
                .chain(names.iter().copied()),
        );
        row(&mut text, std::iter::repeat_n("---", 5 + names.len()));
        for limit in &self.limits {
            self.limited(&mut text, limit, &columns);
            match limit.measure {
                GateMeasure::OffPath => self.unlimited(&mut text, "the same, 95 % of frames", &columns, |column| {
                    Some(format!("{:.2}", column.off_path_95?))
                }),
                GateMeasure::PoseAfter16 => self.mean_pose(&mut text, 16, &columns),
                GateMeasure::PoseAfter47 => {
                    self.mean_pose(&mut text, 47, &columns);
                    self.last_pose(&mut text, &columns);
                }
                GateMeasure::Reproduced => self.unlimited(&mut text, "steps reproduced / judged", &columns, |column| {
                    Some(format!("{} / {}", column.steps[1], column.steps[0]))
                }),
                _ => {}
            }
        }
        if let Some(time) = self.world.sampling {
            let _ = writeln!(
                text,
                "\nSampling: {} clips of {} frames in {:.1} s on the machine that wrote this table, with {} threads.",
                time.clips, time.frames, time.seconds, time.threads
            );
        }
        self.findings(&mut text, &columns);
        text
    }

    fn limited(&self, text: &mut String, limit: &GateLimit, columns: &[&GateColumn]) {
        let digits = limit.measure.digits();
        let sign = if limit.measure.higher_is_better() { "≥" } else { "≤" };
        let outcome = self.outcomes.iter().find(|outcome| outcome.measure == limit.measure);
        let verdict = match outcome {
            Some(outcome) if outcome.reaches_aim => "aim",
            Some(outcome) if outcome.passes => "gate",
            Some(_) => "**fails**",
            None => "–",
        };
        let mut cells = columns.iter().map(|column| cell(column.value(limit.measure), digits));
        let own = cells.next().unwrap_or_default();
        let head = [
            limit.measure.description().to_owned(),
            format!("{sign} {}", limit.gate),
            limit.aim.to_string(),
            own,
            verdict.to_owned(),
        ];
        row(text, head.into_iter().chain(cells));
    }

    fn unlimited(
        &self,
        text: &mut String,
        name: &str,
        columns: &[&GateColumn],
        of: impl Fn(&GateColumn) -> Option<String>,
    ) {
        let mut cells = columns
            .iter()
            .map(|column| of(column).unwrap_or_else(|| "–".to_owned()));
        let own = cells.next().unwrap_or_default();
        let head = [name.to_owned(), String::new(), String::new(), own, String::new()];
        row(text, head.into_iter().chain(cells));
    }

    fn mean_pose(&self, text: &mut String, steps: usize, columns: &[&GateColumn]) {
        let of = |column: &GateColumn| {
            let found = column.pose.iter().find(|row| row.steps == steps)?;
            Some(format!("{:.2}", found.mean))
        };
        if self.frames > steps {
            self.unlimited(text, "the same, mean", columns, of);
        }
    }

    /// The T after all steps of a longer clip.
    fn last_pose(&self, text: &mut String, columns: &[&GateColumn]) {
        let last = self.frames.saturating_sub(1);
        if [16, 47].contains(&last) {
            return;
        }
        let name = format!("T off the simulator's after {last} steps, median, px of 96");
        self.unlimited(text, &name, columns, |column| {
            let found = column.pose.iter().find(|row| row.steps == last)?;
            Some(format!("{:.2}", found.median))
        });
    }

    fn findings(&self, text: &mut String, columns: &[&GateColumn]) {
        let kinds: BTreeSet<_> = columns.iter().flat_map(|column| column.findings.keys()).collect();
        if kinds.is_empty() {
            return;
        }
        text.push('\n');
        let names = columns.iter().map(|column| column.name.as_str());
        row(text, std::iter::once("clips with").chain(names));
        row(text, std::iter::repeat_n("---", 1 + columns.len()));
        for kind in kinds {
            let counts = columns
                .iter()
                .map(|column| column.findings.get(kind).copied().unwrap_or(0).to_string());
            row(text, std::iter::once(kind.name().to_owned()).chain(counts));
        }
    }
}

fn cell(value: Option<Estimate>, digits: usize) -> String {
    match value {
        None => "–".to_owned(),
        Some(Estimate { value, bounds: None }) => format!("{value:.digits$}"),
        Some(estimate) => format!("{estimate:.digits$}"),
    }
}

fn row(text: &mut String, cells: impl IntoIterator<Item = impl AsRef<str>>) {
    text.push('|');
    for cell in cells {
        let _ = write!(text, " {} |", cell.as_ref());
    }
    text.push('\n');
}
