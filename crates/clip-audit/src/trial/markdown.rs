//! The counts as tables in Markdown.

use std::fmt::Write as _;

use corruptions::{Defect, Strength};

use super::case::{Case, WORSE};
use super::table::{TrialRow, TrialTable};
use crate::Kind;

impl TrialTable {
    /// As Markdown: the answer a defect, all strengths, and the confusion at the clear strength.
    pub fn markdown(&self) -> String {
        let mut text = String::from(
            "| defect at its clear strength | flagged | named (recall) | precision | over all strengths and kinds |\n\
             |---|---|---|---|---|\n",
        );
        // Writing to a string does not fail.
        for told in &self.told {
            let held_out = if Defect::HELD_OUT.contains(&told.defect) {
                " (held out)"
            } else {
                ""
            };
            let _ = writeln!(
                text,
                "| {}{held_out} | {:.3} | {:.3} | {:.3} | {:.3} |",
                told.defect.name(),
                told.flagged,
                told.recall,
                told.precision,
                told.strict_precision
            );
        }
        self.both(&mut text);
        text += "\n| clips | n | flagged | physical | found | named | adherence | responsibility | physics |\n";
        text += "|---|---|---|---|---|---|---|---|---|\n";
        let alone = |r: &&TrialRow| !matches!(r.case, Case::Both(..));
        for row in self.rows.iter().filter(alone) {
            let n = row.clips as f64;
            let [flagged, physical, found, named] =
                [row.flagged, row.physical, row.found, row.named].map(|c| format!("{:.3}", c as f64 / n));
            let (name, found, named) = match &row.case {
                Case::Clean(source) => (format!("clean: {source}"), "–".to_owned(), "–".to_owned()),
                Case::Damaged(defect, strength) => (format!("{}, {}", defect.name(), strength.name()), found, named),
                Case::Both(defect, worse) => (format!("{} and mild {}", defect.name(), worse.name()), found, named),
            };
            let [a, r, p] = row.scores;
            let _ = writeln!(
                text,
                "| {name} | {} | {flagged} | {physical} | {found} | {named} | {a:.2} | {r:.2} | {p:.2} |",
                row.clips
            );
        }
        self.confusion(&mut text);
        text
    }

    /// Clear defects of the world in mildly worse pictures.
    fn both(&self, text: &mut String) {
        let rows: Vec<&TrialRow> = (self.rows.iter())
            .filter(|r| matches!(r.case, Case::Both(..)))
            .collect();
        if rows.is_empty() {
            return;
        }
        *text += "\n| clear defect, found (named) in a picture with mild | ";
        *text += &WORSE.map(Defect::name).join(" | ");
        *text += " |\n|---|---|---|---|\n";
        for of in rows.chunk_by(|a, b| a.case.defect() == b.case.defect()) {
            let Some(defect) = of[0].case.defect() else {
                continue;
            };
            let _ = write!(text, "| {}", defect.name());
            for worse in WORSE {
                let row = of.iter().find(|r| r.case == Case::Both(defect, worse));
                let share = |count: usize, row: &TrialRow| count as f64 / row.clips as f64;
                match row {
                    Some(r) => drop(write!(text, " | {:.3} ({:.3})", share(r.found, r), share(r.named, r))),
                    None => *text += " | –",
                }
            }
            *text += " |\n";
        }
    }

    fn confusion(&self, text: &mut String) {
        let rows: Vec<&TrialRow> = (self.rows.iter())
            .filter(|r| matches!(r.case, Case::Clean(_) | Case::Damaged(_, Strength::Clear)))
            .collect();
        let shown = |kind: &Kind| rows.iter().any(|r| r.main.contains_key(kind));
        let kinds: Vec<Kind> = Kind::ALL.into_iter().filter(shown).collect();
        let names: Vec<&str> = kinds.iter().map(|k| k.name()).collect();
        let _ = write!(
            text,
            "\n| clear defect ↓, main finding → | none | {} |\n|---|---|",
            names.join(" | ")
        );
        *text += &"---|".repeat(kinds.len());
        for row in rows {
            let name = match &row.case {
                Case::Clean(source) => format!("clean: {source}"),
                Case::Damaged(defect, _) | Case::Both(defect, _) => defect.name().to_owned(),
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
    use super::super::case::Outcome;
    use super::*;

    #[test]
    fn shares_are_those_of_the_counts() {
        let outcome = |case: Case, kinds: &[Kind]| Outcome {
            case,
            kinds: kinds.to_vec(),
            scores: [2, 1, 5],
        };
        let gone = || Case::Damaged(Defect::AgentGone, Strength::Clear);
        let clean = || Case::Clean("made up".to_owned());
        let table = TrialTable::of(&[
            outcome(gone(), &[Kind::AgentGone]),
            outcome(gone(), &[Kind::Morph, Kind::AgentGone]),
            outcome(gone(), &[]),
            outcome(clean(), &[]),
            outcome(clean(), &[Kind::AgentGone]),
            outcome(Case::Damaged(Defect::Blur, Strength::Mild), &[Kind::Blur]),
            outcome(Case::Damaged(Defect::Blur, Strength::Strong), &[Kind::AgentGone]),
            outcome(
                Case::Both(Defect::AgentGone, Defect::Noise),
                &[Kind::Noise, Kind::AgentGone],
            ),
        ]);
        let told = &table.told[0];
        assert_eq!((told.flagged, told.recall, told.precision), (2.0 / 3.0, 1.0 / 3.0, 0.5));
        // A strong defect of another kind that is called this lowers the stricter one.
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
