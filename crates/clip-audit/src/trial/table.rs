//! Counts over many audited clips.

use std::collections::BTreeMap;

use corruptions::{Defect, Strength};
use serde::{Deserialize, Serialize};

use super::case::{Case, Outcome, expected};
use crate::Kind;

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
