//! Counts over many audited clips.

use std::collections::BTreeMap;

use corruptions::{Corruption, Strength};
use pusht_vision::motion::StepCounts;
use serde::{Deserialize, Serialize};

use super::case::{Case, CaseResult, expected};
use crate::FindingKind;

/// Counts over clips of one case.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct BenchmarkRow {
    /// The case.
    pub case: Case,
    /// Number of clips.
    pub clips: usize,
    /// Clips with any finding.
    pub flagged: usize,
    /// Clips with a physical finding.
    pub physical: usize,
    /// Clips with a finding that identifies the corruption.
    pub found: usize,
    /// Clips whose main finding identifies the corruption.
    pub named: usize,
    /// Main findings by kind; clips without findings are not counted.
    pub main: BTreeMap<FindingKind, usize>,
    /// Mean scores.
    pub scores: [f64; 3],
    /// Steps in which the T moves or is pushed, and those that the simulator reproduces, over all clips.
    #[serde(default)]
    pub steps: StepCounts,
}

/// How well one corruption at its clear strength is distinguished from clean clips and from the other corruptions.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DetectionRates {
    /// The corruption.
    #[serde(alias = "defect")]
    pub corruption: Corruption,
    /// Share of its clips with any finding.
    pub flagged: f64,
    /// Share of its clips whose main finding identifies it.
    pub recall: f64,
    /// Among the clips whose main finding identifies this corruption, the share that has it. Counted are clean clips,
    /// the tuned corruptions at their clear strength, and its own clips.
    pub precision: f64,
    /// Precision over all clips with any corruption at any strength, held-out kinds included.
    pub strict_precision: f64,
}

/// All counts.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct BenchmarkTable {
    /// One row per case.
    pub rows: Vec<BenchmarkRow>,
    /// One row per corruption.
    #[serde(alias = "told")]
    pub detection: Vec<DetectionRates>,
    /// Share of clean clips with any finding.
    pub clean_flagged: f64,
    /// Clean clips with findings, and the findings.
    #[serde(default)]
    pub flagged_clean: Vec<String>,
    /// Share of clips with mild blur, noise or H.264 that have a physical finding.
    pub mild_mistaken: f64,
}

impl BenchmarkTable {
    /// Counts the results.
    pub fn of(results: &[CaseResult]) -> Self {
        let mut cases: BTreeMap<&Case, Vec<&CaseResult>> = BTreeMap::new();
        for result in results {
            cases.entry(&result.case).or_default().push(result);
        }
        let rows: Vec<BenchmarkRow> = cases.iter().map(|(case, of)| row(case, of)).collect();
        let mut corruptions: Vec<Corruption> = Vec::new();
        for row in &rows {
            match row.case {
                Case::Corrupted(corruption, _) if !corruptions.contains(&corruption) => corruptions.push(corruption),
                _ => {}
            }
        }
        let detection = corruptions
            .iter()
            .filter_map(|&corruption| told(&rows, corruption))
            .collect();
        let share = |of: &dyn Fn(&BenchmarkRow) -> Option<usize>| {
            let counted: Vec<(usize, usize)> = rows.iter().filter_map(|r| Some((of(r)?, r.clips))).collect();
            let (hits, clips) = counted.iter().fold((0, 0), |sum, c| (sum.0 + c.0, sum.1 + c.1));
            hits as f64 / clips.max(1) as f64
        };
        Self {
            detection,
            flagged_clean: results.iter().filter_map(|r| r.note.clone()).collect(),
            clean_flagged: share(&|r| matches!(r.case, Case::Clean(_)).then_some(r.flagged)),
            mild_mistaken: share(&|r| match r.case {
                Case::Corrupted(Corruption::Blur | Corruption::Noise | Corruption::Compression, Strength::Mild) => {
                    Some(r.physical)
                }
                _ => None,
            }),
            rows,
        }
    }
}

fn row(case: &Case, of: &[&CaseResult]) -> BenchmarkRow {
    let names = case.expected();
    let count = |is: &dyn Fn(&CaseResult) -> bool| of.iter().filter(|o| is(o)).count();
    let mut main = BTreeMap::new();
    for kind in of.iter().filter_map(|o| o.kinds.first()) {
        *main.entry(*kind).or_default() += 1;
    }
    BenchmarkRow {
        case: case.clone(),
        clips: of.len(),
        flagged: count(&|o| !o.kinds.is_empty()),
        physical: count(&CaseResult::is_physical),
        found: count(&|o| o.kinds.iter().any(|k| names.contains(k))),
        named: count(&|o| o.kinds.first().is_some_and(|k| names.contains(k))),
        main,
        scores: [0, 1, 2].map(|k| of.iter().map(|o| f64::from(o.scores[k])).sum::<f64>() / of.len() as f64),
        steps: StepCounts {
            moving: of.iter().map(|o| o.steps.moving).sum(),
            reproduced: of.iter().map(|o| o.steps.reproduced).sum(),
        },
    }
}

fn told(rows: &[BenchmarkRow], corruption: Corruption) -> Option<DetectionRates> {
    let own = rows
        .iter()
        .find(|r| r.case == Case::Corrupted(corruption, Strength::Clear))?;
    // True and false positives.
    let precision = |counts: &dyn Fn(&BenchmarkRow) -> bool| {
        let (mut right, mut wrong) = (0, 0);
        for row in rows.iter().filter(|r| counts(r)) {
            for kind in expected(corruption) {
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
    let clear = |row: &BenchmarkRow| match row.case {
        Case::Clean(_) => true,
        Case::Corrupted(other, strength) => {
            strength == Strength::Clear && (other == corruption || Corruption::TUNED.contains(&other))
        }
        Case::Both(..) => false,
    };
    let clips = own.clips as f64;
    Some(DetectionRates {
        corruption,
        flagged: own.flagged as f64 / clips,
        recall: own.named as f64 / clips,
        precision: precision(&clear),
        strict_precision: precision(&|row| !matches!(row.case, Case::Both(..))),
    })
}
