//! Counts of the benchmark as Markdown tables.

use std::fmt::Write as _;

use corruptions::{Corruption, Strength};

use super::case::{Case, WORSE};
use super::table::{BenchmarkRow, BenchmarkTable};
use crate::FindingKind;

impl BenchmarkTable {
    /// The counts as Markdown: detection per corruption, all strengths, and the confusion matrix at the clear strength.
    pub fn markdown(&self) -> String {
        let mut text = String::from(
            "| corruption at its clear strength | flagged | named (recall) | precision | over all strengths and kinds |\n\
             |---|---|---|---|---|\n",
        );
        // Writing to a string does not fail.
        for told in &self.detection {
            let held_out = if Corruption::HELD_OUT.contains(&told.corruption) {
                " (held out)"
            } else {
                ""
            };
            let _ = writeln!(
                text,
                "| {}{held_out} | {:.3} | {:.3} | {:.3} | {:.3} |",
                told.corruption.name(),
                told.flagged,
                told.recall,
                told.precision,
                told.strict_precision
            );
        }
        if !self.flagged_clean.is_empty() {
            text += "\nClean clips with findings:\n\n";
            for note in &self.flagged_clean {
                let _ = writeln!(text, "* {note}");
            }
        }
        self.both(&mut text);
        text += "\n| clips | n | flagged | physical | found | named | adherence | responsibility | physics | steps reproduced |\n";
        text += "|---|---|---|---|---|---|---|---|---|---|\n";
        let alone = |r: &&BenchmarkRow| !matches!(r.case, Case::Both(..));
        for row in self.rows.iter().filter(alone) {
            let n = row.clips as f64;
            let [flagged, physical, found, named] =
                [row.flagged, row.physical, row.found, row.named].map(|c| format!("{:.3}", c as f64 / n));
            let (name, found, named) = match &row.case {
                Case::Clean(source) => (format!("clean: {source}"), "–".to_owned(), "–".to_owned()),
                Case::Corrupted(corruption, strength) => {
                    (format!("{}, {}", corruption.name(), strength.name()), found, named)
                }
                Case::Both(corruption, worse) => {
                    (format!("{} and mild {}", corruption.name(), worse.name()), found, named)
                }
            };
            let [a, r, p] = row.scores;
            let _ = writeln!(
                text,
                "| {name} | {} | {flagged} | {physical} | {found} | {named} | {a:.2} | {r:.2} | {p:.2} | {} of {} |",
                row.clips, row.steps.reproduced, row.steps.moving
            );
        }
        self.confusion(&mut text);
        text
    }

    /// Rows of clear physical corruptions in mildly degraded images.
    fn both(&self, text: &mut String) {
        let rows: Vec<&BenchmarkRow> = (self.rows.iter())
            .filter(|r| matches!(r.case, Case::Both(..)))
            .collect();
        if rows.is_empty() {
            return;
        }
        *text += "\n| clear corruption, found (named) in a picture with mild | ";
        *text += &WORSE.map(Corruption::name).join(" | ");
        *text += " |\n|---|---|---|---|\n";
        for of in rows.chunk_by(|a, b| a.case.corruption() == b.case.corruption()) {
            let Some(corruption) = of[0].case.corruption() else {
                continue;
            };
            let _ = write!(text, "| {}", corruption.name());
            for worse in WORSE {
                let row = of.iter().find(|r| r.case == Case::Both(corruption, worse));
                let share = |count: usize, row: &BenchmarkRow| count as f64 / row.clips as f64;
                match row {
                    Some(r) => drop(write!(text, " | {:.3} ({:.3})", share(r.found, r), share(r.named, r))),
                    None => *text += " | –",
                }
            }
            *text += " |\n";
        }
    }

    fn confusion(&self, text: &mut String) {
        let rows: Vec<&BenchmarkRow> = (self.rows.iter())
            .filter(|r| matches!(r.case, Case::Clean(_) | Case::Corrupted(_, Strength::Clear)))
            .collect();
        let shown = |kind: &FindingKind| rows.iter().any(|r| r.main.contains_key(kind));
        let kinds: Vec<FindingKind> = FindingKind::ALL.into_iter().filter(shown).collect();
        let names: Vec<&str> = kinds.iter().map(|k| k.name()).collect();
        let _ = write!(
            text,
            "\n| clear corruption ↓, main finding → | none | {} |\n|---|---|",
            names.join(" | ")
        );
        *text += &"---|".repeat(kinds.len());
        for row in rows {
            let name = match &row.case {
                Case::Clean(source) => format!("clean: {source}"),
                Case::Corrupted(corruption, _) | Case::Both(corruption, _) => corruption.name().to_owned(),
            };
            let _ = write!(text, "\n| {name} | {}", row.clips - row.flagged);
            for kind in &kinds {
                match row.main.get(kind) {
                    Some(count) => drop(write!(text, " | {count}")),
                    None => *text += " | ",
                }
            }
            *text += " |";
        }
        *text += "\n";
    }
}

#[cfg(test)]
mod tests {
    use pusht_vision::motion::StepCounts;

    use super::super::case::CaseResult;
    use super::*;

    #[test]
    fn shares_are_those_of_the_counts() {
        let result = |case: Case, kinds: &[FindingKind]| CaseResult {
            case,
            kinds: kinds.to_vec(),
            scores: [2, 1, 5],
            steps: StepCounts::default(),
            note: None,
        };
        let gone = || Case::Corrupted(Corruption::AgentGone, Strength::Clear);
        let clean = || Case::Clean("made up".to_owned());
        let table = BenchmarkTable::of(&[
            result(gone(), &[FindingKind::AgentGone]),
            result(gone(), &[FindingKind::Morph, FindingKind::AgentGone]),
            result(gone(), &[]),
            result(clean(), &[]),
            result(clean(), &[FindingKind::AgentGone]),
            result(Case::Corrupted(Corruption::Blur, Strength::Mild), &[FindingKind::Blur]),
            result(
                Case::Corrupted(Corruption::Blur, Strength::Strong),
                &[FindingKind::AgentGone],
            ),
            result(
                Case::Both(Corruption::AgentGone, Corruption::Noise),
                &[FindingKind::Noise, FindingKind::AgentGone],
            ),
        ]);
        let told = &table.detection[0];
        assert_eq!((told.flagged, told.recall, told.precision), (2.0 / 3.0, 1.0 / 3.0, 0.5));
        // A strong corruption of another kind that is called this lowers the stricter one.
        assert_eq!(told.strict_precision, 1.0 / 3.0);
        assert_eq!((table.clean_flagged, table.mild_mistaken), (0.5, 0.0));
        let text = table.markdown();
        assert!(
            text.contains("| agent-gone, clear | 3 | 0.667 | 0.667 | 0.667 | 0.333 |"),
            "{text}"
        );
        assert!(text.contains("| agent-gone | 1 | 1 | 1 |"), "{text}");
        assert!(text.contains("| agent-gone | – | 1.000 (0.000) | – |"), "{text}");
    }
}
