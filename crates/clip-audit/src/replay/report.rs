//! Report on replays under several conditions, as one file and as tables.

use super::{CoverageRow, Replay, ReplayError, ReplayGroup, ReplaySummary};
use pusht_env::Pose;
use serde::{Deserialize, Serialize};
use std::fmt::Write as _;
use traj_metrics::{Bootstrap, Estimate};

/// The replays of one set of clips under one condition: the source of starts and actions.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ReplayCondition {
    /// Name of the condition.
    pub name: String,
    /// Summary of its replays.
    pub summary: ReplaySummary,
}

/// Summary of replays under several conditions; the first one also by pushes, by path length and for other goals.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ReplayReport {
    /// Name of the dataset.
    pub data: String,
    /// Number of clips.
    pub clips: usize,
    /// The conclusion in one sentence; empty in a report of an earlier version, and if the conditions are not those of
    /// [`ReplayJob`](super::ReplayJob).
    #[serde(default)]
    pub conclusion: String,
    /// The conditions; the following tables concern the first one.
    pub conditions: Vec<ReplayCondition>,
    /// Groups by number of pushes.
    pub by_pushes: Vec<ReplayGroup>,
    /// Groups by length of the T's path, px.
    pub by_path: Vec<ReplayGroup>,
    /// Final coverage of other goals.
    pub goals: Vec<CoverageRow>,
}

impl ReplayReport {
    /// Builds the report. `main` has one replay per clip; `others` are summaries, as they may have several per clip.
    ///
    /// # Errors
    /// No replays; settings that give no interval.
    pub fn new(
        data: &str,
        main: (&str, &[Replay]),
        others: Vec<ReplayCondition>,
        goals: &[Pose],
        bootstrap: &Bootstrap,
    ) -> Result<Self, ReplayError> {
        let (name, replays) = main;
        let first = ReplayCondition {
            name: name.to_owned(),
            summary: ReplaySummary::of(replays, bootstrap)?,
        };
        Ok(Self {
            data: data.to_owned(),
            clips: replays.len(),
            conclusion: String::new(),
            conditions: [first].into_iter().chain(others).collect(),
            by_pushes: ReplaySummary::by_pushes(replays, bootstrap)?,
            by_path: ReplaySummary::by_path(replays, bootstrap)?,
            goals: goals
                .iter()
                .map(|&goal| CoverageRow::of(replays, goal, bootstrap))
                .collect::<Result<_, _>>()?,
        })
    }

    /// The report as Markdown tables.
    pub fn markdown(&self) -> String {
        let mut out = String::new();
        out += "| start, actions | replays | diverged | steps | steps to divergence | T's path until then, px | final coverage error | mean | own goal |\n";
        out += "|---|---|---|---|---|---|---|---|---|\n";
        for ReplayCondition { name, summary: s } in &self.conditions {
            out += &format!("| {name} | {}", figures(s));
        }
        out += "\nMedians with 95 % intervals, but for the mean coverage error. Share not diverged after so many steps:\n\n";
        out += "| start, actions |";
        let steps = self
            .conditions
            .iter()
            .map(|c| &c.summary.survival)
            .max_by_key(|t| t.len());
        let steps: Vec<usize> = steps.into_iter().flatten().map(|t| t.steps).collect();
        for step in &steps {
            out += &format!(" {step} |");
        }
        out += &format!("\n|---|{}\n", "---|".repeat(steps.len()));
        for ReplayCondition { name, summary } in &self.conditions {
            out += &format!("| {name} |");
            for &step in &steps {
                let share = summary.survival.iter().find(|t| t.steps == step);
                out += &share.map_or(" – |".to_owned(), |t| format!(" {} % |", scaled(t.share, 100.0, 1)));
            }
            out += "\n";
        }
        for (what, groups) in [("Pushes", &self.by_pushes), ("T's path, px", &self.by_path)] {
            out += &format!(
                "\n| {what} | replays | diverged | steps | steps to divergence | T's path until then, px | final coverage error | mean | own goal |\n"
            );
            out += "|---|---|---|---|---|---|---|---|---|\n";
            for group in groups {
                out += &format!("| {} | {}", range(group, what == "Pushes"), figures(&group.summary));
            }
        }
        self.goals_and_time(&mut out);
        out
    }

    fn goals_and_time(&self, out: &mut String) {
        let Some(first) = self.conditions.first() else {
            return;
        };
        *out += "\n| goal (x, y, angle) | mean coverage in the clips | in the replays | error, median | error, mean |\n|---|---|---|---|---|\n";
        for row in [first.summary.coverage].iter().chain(&self.goals) {
            let goal = row.goal.map_or("the clips' own".to_owned(), |g| {
                format!("{:.0}, {:.0}, {:.0}°", g.x, g.y, g.angle.to_degrees())
            });
            let (clip, replay, error) = (row.clip, row.replay, scaled(row.error, 1.0, 4));
            *out += &format!(
                "| {goal} | {clip:.3} | {replay:.3} | {error} | {:.4} |\n",
                row.mean_error
            );
        }
        *out += "\n| step | replays | agent, px | T origin, px | T angle, ° |\n|---|---|---|---|---|\n";
        for row in &first.summary.over_time {
            let three = |[a, b, c]: [f64; 3]| format!("{b:.2} ({a:.2}–{c:.2})");
            let agent = row.agent.map_or("–".to_owned(), three);
            let (t, angle) = (three(row.position), three(row.angle.map(f64::to_degrees)));
            // Writing to a string does not fail.
            let _ = writeln!(out, "| {} | {} | {agent} | {t} | {angle} |", row.steps, row.replays);
        }
        *out += "\nMedians, with quartiles in parentheses.\n";
    }
}

fn figures(s: &ReplaySummary) -> String {
    format!(
        "{} | {} | {:.0} | {} | {} | {} | {:.3} | {} |\n",
        s.replays,
        s.diverged,
        s.length,
        scaled(s.steps_to_divergence, 1.0, 0),
        scaled(s.followed, 1.0, 0),
        scaled(s.coverage.error, 1.0, 4),
        s.coverage.mean_error,
        scaled(s.own_goal, 1.0, 3),
    )
}

fn range(group: &ReplayGroup, whole: bool) -> String {
    let from = group.from;
    match group.below {
        Some(below) if whole && below - from <= 1.0 => format!("{from}"),
        Some(below) if whole => format!("{from}–{}", below - 1.0),
        Some(below) => format!("{from} to {below}"),
        None => format!("{from} and more"),
    }
}

fn scaled(e: Estimate, by: f64, digits: usize) -> String {
    format!("{:.digits$}", e.scaled(by))
}
