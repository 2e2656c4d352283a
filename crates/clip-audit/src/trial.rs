//! The audit on trial: what it says of clips whose answer is known, as one table.
//!
//! [`examine`] damages one clip in every way and audits each; [`TrialTable::of`] counts. Clips are independent, so that
//! callers may spread them over threads.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use corruptions::{Clip, Defect, DefectError, Strength};
use serde::{Deserialize, Serialize};

use crate::{AuditError, ClipAudit, Kind, VideoAuditor};

/// The findings that name a defect rightly.
pub const fn expected(defect: Defect) -> &'static [Kind] {
    match defect {
        Defect::CrossFade => &[Kind::Morph],
        Defect::AgentSplit => &[Kind::SeveralAgents],
        Defect::AgentGone => &[Kind::AgentGone],
        Defect::BlockSplit => &[Kind::BlockSplit],
        Defect::BlockDrift | Defect::AgentFrozen => &[Kind::Untouched],
        Defect::BlockGrowth => &[Kind::BlockResized],
        Defect::Teleport => &[Kind::AgentJump, Kind::BlockJump],
        Defect::GoalMoved => &[Kind::GoalChanged],
        Defect::Blur => &[Kind::Blur],
        Defect::Noise => &[Kind::Noise],
        Defect::Compression => &[Kind::Compression],
        Defect::ColourShift => &[Kind::Colour],
        Defect::BlockBend => &[Kind::Morph, Kind::BlockResized, Kind::BlockSplit],
    }
}

/// What was done to a clip.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Case {
    /// Nothing; where it comes from.
    Clean(String),
    /// A defect.
    Damaged(Defect, Strength),
    /// The first at its clear strength, in a picture that the second makes mildly worse.
    Both(Defect, Defect),
}

impl Case {
    /// The defect that should be named.
    const fn defect(&self) -> Option<Defect> {
        match self {
            Self::Clean(_) => None,
            Self::Damaged(defect, _) | Self::Both(defect, _) => Some(*defect),
        }
    }

    /// The findings that are right.
    fn expected(&self) -> &'static [Kind] {
        self.defect().map_or(&[], expected)
    }
}

/// What pictures are made worse by in [`Case::Both`].
const WORSE: [Defect; 3] = [Defect::Blur, Defect::Noise, Defect::Compression];

/// What the audit said of one clip.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Outcome {
    /// What was done to it.
    pub case: Case,
    /// The kinds of its findings, the main one first.
    pub kinds: Vec<Kind>,
    /// Adherence, responsibility, physics.
    pub scores: [u8; 3],
}

impl Outcome {
    /// Of an audit.
    pub fn new(case: Case, audit: &ClipAudit) -> Self {
        let mut kinds: Vec<Kind> = audit.findings.iter().map(|f| f.kind).collect();
        kinds.dedup();
        let scores = &audit.scores;
        Self {
            case,
            kinds,
            scores: [
                scores.adherence.value,
                scores.responsibility.value,
                scores.physics.value,
            ],
        }
    }

    fn is_physical(&self) -> bool {
        self.kinds.iter().any(|k| k.is_physical())
    }
}

/// Audits a clip with each of the defects in each strength, as far as it gives an opportunity. `seed` is the defects'.
///
/// # Errors
/// As [`Defect::apply`] and [`VideoAuditor::audit_frames`].
pub fn examine(auditor: &VideoAuditor, clip: &Clip, seed: u64, defects: &[Defect]) -> Result<Vec<Outcome>, TrialError> {
    let mut outcomes = Vec::new();
    for &defect in defects {
        for strength in Strength::ALL {
            if let Some(frames) = defect.apply(clip, strength, seed)? {
                let audit = auditor.audit_frames(&frames)?;
                outcomes.push(Outcome::new(Case::Damaged(defect, strength), &audit));
                if strength == Strength::Clear && !defect.is_of_the_picture() {
                    let damaged = Clip { frames, ..clip.clone() };
                    for worse in WORSE {
                        if let Some(frames) = worse.apply(&damaged, Strength::Mild, seed)? {
                            let audit = auditor.audit_frames(&frames)?;
                            outcomes.push(Outcome::new(Case::Both(defect, worse), &audit));
                        }
                    }
                }
            }
        }
    }
    Ok(outcomes)
}

/// Why a trial could not go on.
#[derive(Debug, thiserror::Error)]
pub enum TrialError {
    /// A clip that cannot be made or damaged.
    #[error(transparent)]
    Defect(#[from] DefectError),
    /// A clip that cannot be audited.
    #[error(transparent)]
    Audit(#[from] AuditError),
}

/// Counts over clips of one case.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TrialRow {
    /// The case.
    pub case: Case,
    /// Number of clips.
    pub clips: usize,
    /// Of them, with any finding.
    pub flagged: usize,
    /// With a physical finding.
    pub physical: usize,
    /// With a finding that names the defect.
    pub found: usize,
    /// Whose main finding names the defect.
    pub named: usize,
    /// Main findings by kind; clips without are not counted.
    pub main: BTreeMap<Kind, usize>,
    /// Mean scores.
    pub scores: [f64; 3],
}

/// How well one defect is told at its clear strength from clean clips and from the other defects.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Told {
    /// The defect.
    pub defect: Defect,
    /// Share of its clips with any finding.
    pub flagged: f64,
    /// Share of its clips of which the main finding names it.
    pub recall: f64,
    /// Of all clips (clean, with any of the tuned defects at their clear strength, and its own) whose main finding is one
    /// that names it, the share for which that is right.
    pub precision: f64,
    /// The same of all clips with any defect in any strength, held-out kinds included.
    pub strict_precision: f64,
}

/// All counts.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TrialTable {
    /// A row a case.
    pub rows: Vec<TrialRow>,
    /// A row a defect.
    pub told: Vec<Told>,
    /// Share of clean clips with any finding.
    pub clean_flagged: f64,
    /// Share of clips with mild blur, noise or H.264 that have a physical finding.
    pub mild_mistaken: f64,
}

impl TrialTable {
    /// Counts.
    pub fn of(outcomes: &[Outcome]) -> Self {
        let mut cases: BTreeMap<&Case, Vec<&Outcome>> = BTreeMap::new();
        for outcome in outcomes {
            cases.entry(&outcome.case).or_default().push(outcome);
        }
        let rows: Vec<TrialRow> = cases.iter().map(|(case, of)| row(case, of)).collect();
        let mut defects: Vec<Defect> = Vec::new();
        for row in &rows {
            match row.case {
                Case::Damaged(defect, _) if !defects.contains(&defect) => defects.push(defect),
                _ => {}
            }
        }
        let told = defects.iter().filter_map(|&defect| told(&rows, defect)).collect();
        let share = |of: &dyn Fn(&TrialRow) -> Option<usize>| {
            let counted: Vec<(usize, usize)> = rows.iter().filter_map(|r| Some((of(r)?, r.clips))).collect();
            let (hits, clips) = counted.iter().fold((0, 0), |sum, c| (sum.0 + c.0, sum.1 + c.1));
            hits as f64 / clips.max(1) as f64
        };
        Self {
            told,
            clean_flagged: share(&|r| matches!(r.case, Case::Clean(_)).then_some(r.flagged)),
            mild_mistaken: share(&|r| match r.case {
                Case::Damaged(Defect::Blur | Defect::Noise | Defect::Compression, Strength::Mild) => Some(r.physical),
                _ => None,
            }),
            rows,
        }
    }

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

fn row(case: &Case, of: &[&Outcome]) -> TrialRow {
    let names = case.expected();
    let count = |is: &dyn Fn(&Outcome) -> bool| of.iter().filter(|o| is(o)).count();
    let mut main = BTreeMap::new();
    for kind in of.iter().filter_map(|o| o.kinds.first()) {
        *main.entry(*kind).or_default() += 1;
    }
    TrialRow {
        case: case.clone(),
        clips: of.len(),
        flagged: count(&|o| !o.kinds.is_empty()),
        physical: count(&Outcome::is_physical),
        found: count(&|o| o.kinds.iter().any(|k| names.contains(k))),
        named: count(&|o| o.kinds.first().is_some_and(|k| names.contains(k))),
        main,
        scores: [0, 1, 2].map(|k| of.iter().map(|o| f64::from(o.scores[k])).sum::<f64>() / of.len() as f64),
    }
}

fn told(rows: &[TrialRow], defect: Defect) -> Option<Told> {
    let own = rows.iter().find(|r| r.case == Case::Damaged(defect, Strength::Clear))?;
    // Of the clips that are called this, those that are and those that are not.
    let precision = |counts: &dyn Fn(&TrialRow) -> bool| {
        let (mut right, mut wrong) = (0, 0);
        for row in rows.iter().filter(|r| counts(r)) {
            for kind in expected(defect) {
                let clips = row.main.get(kind).copied().unwrap_or(0);
                let of = if row.case.expected().contains(kind) {
                    &mut right
                } else {
                    &mut wrong
                };
                *of += clips;
            }
        }
        right as f64 / (right + wrong).max(1) as f64
    };
    let clear = |row: &TrialRow| match row.case {
        Case::Clean(_) => true,
        Case::Damaged(other, strength) => {
            strength == Strength::Clear && (other == defect || Defect::TUNED.contains(&other))
        }
        Case::Both(..) => false,
    };
    let clips = own.clips as f64;
    Some(Told {
        defect,
        flagged: own.flagged as f64 / clips,
        recall: own.named as f64 / clips,
        precision: precision(&clear),
        strict_precision: precision(&|row| !matches!(row.case, Case::Both(..))),
    })
}

#[cfg(test)]
mod tests {
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
