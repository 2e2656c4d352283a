//! Audit of clips: findings with their frames, and the paper's three scales by rules.
//!
//! [`Auditor`] reads the frames of a clip one at a time ([`Audit::push`]) and returns a [`ClipAudit`]: every
//! [`Finding`] gives its frames, its value and its threshold, every [`ScaleScore`] the frames that caused it.
//! `docs/audit.md` defines all measures, thresholds and scores.

mod clip;
mod finding;
mod limits;
mod motion_rules;
mod rules;
mod runs;
mod score;
mod strip;
mod task_progress;
mod video;

pub use clip::{Audit, Auditor, ClipAudit};
pub use finding::{Finding, FindingKind};
pub use score::{ClipScores, ScaleScore};
pub use strip::{Strip, Strips};
pub use task_progress::TaskProgress;
pub use video::{AuditError, FEWEST_FRAMES, VideoAudit, VideoAuditor};
