//! What was done to a clip, and what the audit said of it.

use corruptions::{Clip, Defect, DefectError, Strength};
use pusht_jobs::Cancelled;
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
    pub(super) const fn defect(&self) -> Option<Defect> {
        match self {
            Self::Clean(_) => None,
            Self::Damaged(defect, _) | Self::Both(defect, _) => Some(*defect),
        }
    }

    /// The findings that are right.
    pub(super) fn expected(&self) -> &'static [Kind] {
        self.defect().map_or(&[], expected)
    }
}

/// What pictures are made worse by in [`Case::Both`].
pub(super) const WORSE: [Defect; 3] = [Defect::Blur, Defect::Noise, Defect::Compression];

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

    pub(super) fn is_physical(&self) -> bool {
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
    /// A recorded clip that cannot be read.
    #[error("clip {index}: {source}")]
    Recorded {
        /// Its index.
        index: usize,
        /// What its reader says.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The job was cancelled.
    #[error(transparent)]
    Cancelled(#[from] Cancelled),
}
