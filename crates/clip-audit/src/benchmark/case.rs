//! Cases of the benchmark: a corruption of a clip, and the audit of the result.

use corruptions::{Clip, Corruption, CorruptionError, Strength};
use pusht_jobs::Cancelled;
use pusht_vision::motion::StepCounts;
use serde::{Deserialize, Serialize};

use crate::{AuditError, ClipAudit, FindingKind, VideoAuditor};

/// The kinds of findings that identify a corruption correctly.
pub const fn expected(corruption: Corruption) -> &'static [FindingKind] {
    match corruption {
        Corruption::CrossFade => &[FindingKind::Morph],
        Corruption::AgentSplit => &[FindingKind::SeveralAgents],
        Corruption::AgentGone => &[FindingKind::AgentGone],
        Corruption::BlockSplit => &[FindingKind::BlockSplit],
        Corruption::BlockDrift | Corruption::AgentFrozen => &[FindingKind::MotionWithoutContact],
        Corruption::BlockGrowth => &[FindingKind::BlockResized],
        Corruption::Teleport => &[FindingKind::AgentJump, FindingKind::BlockJump],
        Corruption::GoalMoved => &[FindingKind::GoalChanged],
        Corruption::Blur => &[FindingKind::Blur],
        Corruption::Noise => &[FindingKind::Noise],
        Corruption::Compression => &[FindingKind::Compression],
        Corruption::ColorShift => &[FindingKind::Color],
        Corruption::BlockBend => &[FindingKind::Morph, FindingKind::BlockResized, FindingKind::BlockSplit],
        Corruption::BlockCounterturn | Corruption::BlockSlide | Corruption::BlockStuck => &[FindingKind::Dynamics],
    }
}

/// A case of the benchmark: how a clip was corrupted.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Case {
    /// Not corrupted; the value names the clip's origin.
    Clean(String),
    /// One corruption at one strength.
    #[serde(alias = "damaged")]
    Corrupted(Corruption, Strength),
    /// The first corruption at its clear strength, in images that the second degrades mildly.
    Both(Corruption, Corruption),
}

impl Case {
    /// The corruption that should be identified.
    pub(super) const fn corruption(&self) -> Option<Corruption> {
        match self {
            Self::Clean(_) => None,
            Self::Corrupted(corruption, _) | Self::Both(corruption, _) => Some(*corruption),
        }
    }

    /// The kinds of findings that are correct.
    pub(super) fn expected(&self) -> &'static [FindingKind] {
        self.corruption().map_or(&[], expected)
    }
}

/// Corruptions that degrade the images in [`Case::Both`].
pub(super) const WORSE: [Corruption; 3] = [Corruption::Blur, Corruption::Noise, Corruption::Compression];

/// Result of the audit of one benchmark clip.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CaseResult {
    /// The case.
    pub case: Case,
    /// Kinds of its findings, the main one first.
    pub kinds: Vec<FindingKind>,
    /// Scores for adherence, responsibility and physics.
    pub scores: [u8; 3],
    /// Steps in which the T moves or is pushed, and those that the simulator reproduces.
    #[serde(default)]
    pub steps: StepCounts,
    /// Of a clean clip with findings: which clip it is, and the findings.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

impl CaseResult {
    /// Extracts the result from an audit.
    pub fn new(case: Case, audit: &ClipAudit) -> Self {
        let mut kinds: Vec<FindingKind> = audit.findings.iter().map(|f| f.kind).collect();
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
            steps: audit.steps.unwrap_or_default(),
            note: None,
        }
    }

    /// The result of a clean clip, `name`, with a note if there is a finding.
    pub(super) fn clean(source: &str, name: &str, audit: &ClipAudit) -> Self {
        let findings: Vec<String> = audit.findings.iter().map(ToString::to_string).collect();
        let note = (!findings.is_empty()).then(|| format!("{source}, {name}: {}", findings.join("; ")));
        Self {
            note,
            ..Self::new(Case::Clean(source.to_owned()), audit)
        }
    }

    pub(super) fn is_physical(&self) -> bool {
        self.kinds.iter().any(|k| k.is_physical())
    }
}

/// Audits a clip with each of the corruptions at each strength, where the clip allows it. `seed` seeds the corruptions.
///
/// # Errors
/// As [`Corruption::apply`] and [`VideoAuditor::audit_frames`].
pub fn run_cases(
    auditor: &VideoAuditor,
    clip: &Clip,
    seed: u64,
    corruptions: &[Corruption],
) -> Result<Vec<CaseResult>, BenchmarkError> {
    let mut results = Vec::new();
    for &corruption in corruptions {
        for strength in Strength::ALL {
            if let Some(frames) = corruption.apply(clip, strength, seed)? {
                let audit = auditor.audit_frames(&frames)?;
                results.push(CaseResult::new(Case::Corrupted(corruption, strength), &audit));
                if strength == Strength::Clear && !corruption.is_of_the_picture() {
                    let corrupted = Clip { frames, ..clip.clone() };
                    for worse in WORSE {
                        if let Some(frames) = worse.apply(&corrupted, Strength::Mild, seed)? {
                            let audit = auditor.audit_frames(&frames)?;
                            results.push(CaseResult::new(Case::Both(corruption, worse), &audit));
                        }
                    }
                }
            }
        }
    }
    Ok(results)
}

/// Errors from the benchmark.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BenchmarkError {
    /// A clip cannot be simulated or corrupted.
    #[error(transparent)]
    Corruption(#[from] CorruptionError),
    /// A clip cannot be audited.
    #[error(transparent)]
    Audit(#[from] AuditError),
    /// A recorded clip cannot be read.
    #[error("clip {index}: {source}")]
    Recorded {
        /// Its index.
        index: usize,
        /// The underlying error.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The job was cancelled.
    #[error(transparent)]
    Cancelled(#[from] Cancelled),
}
