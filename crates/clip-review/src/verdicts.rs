//! The verdicts on all clips.

use std::collections::BTreeMap;
use std::path::Path;

use clip_audit::{DistributionReport, FindingKind};
use labeling::{Measures, VideoRecord};
use serde::{Deserialize, Serialize};

use crate::{ActionCounts, ClipVerdict, ExecutionCounts, Fvd, MotionCounts, Policies, VerdictsError};

/// Version of the layout of `score.json`.
const SCHEMA: u32 = 1;

/// Summary of the labels of a clip.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LabelSummary {
    /// Frames at 10 Hz, and those with a trusted action.
    pub frames: ActionCounts,
    /// Smoothness and directness of the trusted actions.
    pub measures: Option<Measures>,
}

impl LabelSummary {
    pub(crate) fn of(record: &VideoRecord) -> Self {
        Self {
            frames: ActionCounts {
                frames: record.frames.resampled,
                trusted: record.trusted(),
            },
            measures: record.measures.clone(),
        }
    }
}

/// The three scales of a clip, as `pusht rate --audit` reads them.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct ScaleValues {
    /// 0 to 2.
    pub adherence: f64,
    /// 0 or 1.
    pub responsibility: f64,
    /// 1 to 5.
    pub physics: f64,
}

/// Human ratings of the clips.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct People {
    /// As text.
    pub text: String,
    /// As numbers.
    pub report: serde_json::Value,
}

/// What a model that sees says of the clips (crate `clip-judge`).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Judged {
    /// As text.
    pub text: String,
    /// As numbers.
    pub report: serde_json::Value,
}

/// Totals over all clips.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Totals {
    /// Number of videos.
    pub clips: usize,
    /// Videos that could not be read.
    pub failed: usize,
    /// Readable videos that show no PushT board; they have the lowest scores.
    #[serde(default)]
    pub no_board: usize,
    /// Clips in which the T moves, and of them those in which the agent moves it.
    #[serde(default)]
    pub moved: MotionCounts,
    /// Clips with each adherence from 0 to 2.
    pub adherence: [usize; 3],
    /// Clips with each responsibility, 0 and 1.
    pub responsibility: [usize; 2],
    /// Clips with each point of physics, 1 to 5.
    pub physics: [usize; 5],
    /// Clips with findings of each kind.
    pub findings: BTreeMap<FindingKind, usize>,
    /// Clips whose actions were replayed, and of them those that the replay follows to the end.
    pub executed: ExecutionCounts,
    /// Median of the steps until clip and replay diverge, where one that does not counts with its length; `None` if none
    /// diverges.
    #[serde(alias = "horizon")]
    pub steps_to_divergence: Option<usize>,
    /// Frames at 10 Hz, and those with a trusted action.
    pub frames: ActionCounts,
}

/// Verdicts on all clips, with totals and comparisons; the content of `score.json`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Verdicts {
    /// Version of the file's layout.
    pub schema: u32,
    /// Totals over all clips.
    pub totals: Totals,
    /// The clips, in the order of their paths.
    pub clips: Vec<ClipVerdict>,
    /// Summaries of their labels.
    pub labels: Vec<LabelSummary>,
    /// Comparison of their trajectories with real ones.
    pub distribution: Option<DistributionReport>,
    /// Fréchet video distance from real episodes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fvd: Option<Fvd>,
    /// Human ratings.
    pub people: Option<People>,
    /// What a model that sees says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub judged: Option<Judged>,
    /// Summary of an experiment with policies trained on them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policies: Option<Policies>,
    /// Notes on steps that failed.
    pub notes: Vec<String>,
}

impl Verdicts {
    pub(crate) fn new(clips: Vec<ClipVerdict>, labels: Vec<LabelSummary>) -> Self {
        Self {
            schema: SCHEMA,
            totals: Totals::of(&clips, &labels),
            clips,
            labels,
            distribution: None,
            fvd: None,
            people: None,
            judged: None,
            policies: None,
            notes: Vec::new(),
        }
    }

    /// The audit's scores by clip name.
    pub fn scores(&self) -> BTreeMap<String, ScaleValues> {
        let scores = self.clips.iter().filter_map(|clip| {
            let [adherence, responsibility, physics] = points(clip)?.map(f64::from);
            let scores = ScaleValues {
                adherence,
                responsibility,
                physics,
            };
            Some((clip.name.clone(), scores))
        });
        scores.collect()
    }

    /// The result in a few sentences.
    pub fn sentence(&self) -> String {
        let totals = &self.totals;
        let audited = totals.audited();
        if audited == 0 {
            return format!("{}; there is nothing to tell of them.", totals.tally());
        }
        let (ExecutionCounts { played, followed }, MotionCounts { moved, by_agent }) = (totals.executed, totals.moved);
        let silent = match audited - played {
            0 => String::new(),
            n => format!(" (in {n} agent or T are not seen long enough)"),
        };
        format!(
            "{}. Of these {audited}, {} are free of physical faults; the T moves in {moved}, by pushes of the agent in \
             {by_agent}, and ends at its goal in {}; the simulator reproduces {followed} from the actions extracted from \
             them{silent}.",
            totals.tally(),
            totals.physics[4],
            totals.adherence[2]
        )
    }

    /// The result as text, followed by one line per video that was not audited and per note.
    pub fn text(&self) -> String {
        let mut text = self.sentence() + "\n";
        for clip in &self.clips {
            if let Some(reason) = clip.not_audited() {
                text += &format!("  {reason}\n");
            }
        }
        for note in &self.notes {
            text += &format!("  {note}\n");
        }
        text
    }

    /// Writes `score.json` and `scores.json` (for `pusht rate --audit`).
    ///
    /// # Errors
    /// A folder that cannot be written.
    pub fn write(&self, folder: &Path) -> Result<(), VerdictsError> {
        let json = |file: &str, value: &dyn Fn() -> serde_json::Result<String>| {
            let path = folder.join(file);
            let text = value().map_err(|e| VerdictsError::io(&path)(e.into()))?;
            pusht_jobs::write_file(&path, |out| writeln!(out, "{text}")).map_err(VerdictsError::io(&path))
        };
        json("score.json", &|| serde_json::to_string_pretty(self))?;
        json("scores.json", &|| serde_json::to_string_pretty(&self.scores()))
    }
}

/// Adherence, responsibility and physics; `None` for a clip that could not be read.
fn points(clip: &ClipVerdict) -> Option<[u8; 3]> {
    match &clip.audit {
        Some(audit) => {
            let scores = &audit.audit.scores;
            Some([&scores.adherence, &scores.responsibility, &scores.physics].map(|s| s.value))
        }
        None => clip.no_board.then_some([0, 0, 1]),
    }
}

impl Totals {
    fn of(clips: &[ClipVerdict], labels: &[LabelSummary]) -> Self {
        let mut totals = Self {
            clips: clips.len(),
            ..Self::default()
        };
        let mut divergences = Vec::new();
        for clip in clips {
            let Some([adherence, responsibility, physics]) = points(clip) else {
                totals.failed += 1;
                continue;
            };
            totals.adherence[usize::from(adherence)] += 1;
            totals.responsibility[usize::from(responsibility)] += 1;
            totals.physics[usize::from(physics) - 1] += 1;
            let Some(audit) = clip.audit.as_ref().map(|a| &a.audit) else {
                totals.no_board += 1;
                continue;
            };
            if audit.motion.path_length > 0.0 {
                totals.moved.moved += 1;
                totals.moved.by_agent += usize::from(responsibility);
            }
            let mut kinds: Vec<FindingKind> = audit.findings.iter().map(|f| f.kind).collect();
            kinds.dedup();
            for kind in kinds {
                *totals.findings.entry(kind).or_default() += 1;
            }
            if let Some(execution) = &clip.execution {
                totals.executed.played += 1;
                totals.executed.followed += usize::from(!execution.diverged);
                divergences.push(execution.steps_to_divergence);
            }
        }
        for labels in labels {
            totals.frames.frames += labels.frames.frames;
            totals.frames.trusted += labels.frames.trusted;
        }
        divergences.sort_unstable();
        let diverged = totals.executed.followed < totals.executed.played;
        totals.steps_to_divergence = divergences.get(divergences.len() / 2).copied().filter(|_| diverged);
        totals
    }
}
