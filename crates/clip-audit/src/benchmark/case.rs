//! Cases of the benchmark: a corruption of a clip, and the audit of the result.

use corruptions::{Clip, Corruption, CorruptionError, Strength};
use pusht_jobs::Cancelled;
use serde::{Deserialize, Serialize};

use crate::{AuditError, ClipAudit, Kind, VideoAuditor};

/// The kinds of findings that identify a corruption correctly.
pub const fn expected(corruption: Corruption) -> &'static [Kind] {
    match corruption {
        Corruption::CrossFade => &[Kind::Morph],
        Corruption::AgentSplit => &[Kind::SeveralAgents],
        Corruption::AgentGone => &[Kind::AgentGone],
        Corruption::BlockSplit => &[Kind::BlockSplit],
        Corruption::BlockDrift | Corruption::AgentFrozen => &[Kind::MotionWithoutContact],
        Corruption::BlockGrowth => &[Kind::BlockResized],
        Corruption::Teleport => &[Kind::AgentJump, Kind::BlockJump],
        Corruption::GoalMoved => &[Kind::GoalChanged],
        Corruption::Blur => &[Kind::Blur],
        Corruption::Noise => &[Kind::Noise],
        Corruption::Compression => &[Kind::Compression],
        Corruption::ColorShift => &[Kind::Color],
        Corruption::BlockBend => &[Kind::Morph, Kind::BlockResized, Kind::BlockSplit],
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
    pub(super) fn expected(&self) -> &'static [Kind] {
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
    pub kinds: Vec<Kind>,
    /// Scores for adherence, responsibility and physics.
    pub scores: [u8; 3],
}

impl CaseResult {
    /// Extracts the result from an audit.
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
