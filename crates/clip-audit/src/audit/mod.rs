//! Audit of clips: what is wrong with them, in which frames, and the paper's three scales by rules.
//!
//! [`Auditor`] reads the frames of a clip one at a time ([`Audit::push`]) and says what it found ([`ClipAudit`]): every
//! [`Finding`] names its frames, its value and its threshold, every [`Score`] the frames that caused it. `docs/audit.md` defines all measures, thresholds and scores.

mod clip;
mod finding;
mod findings;
mod limits;
mod reach;
mod score;
mod strip;
mod video;

pub use clip::{Audit, Auditor, ClipAudit};
pub use finding::{Finding, Kind};
pub use reach::Reach;
pub use score::{Score, Scores};
pub use strip::{Strip, Strips};
pub use video::{AuditError, VideoAudit, VideoAuditor};
