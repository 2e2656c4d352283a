//! The audit on trial: what it says of clips whose answer is known, as one table.
//!
//! [`examine`] damages one clip in every way and audits each; [`AuditTrial`] does so for simulated and recorded clips, spread
//! over threads; [`TrialTable::of`] counts.

mod case;
mod markdown;
mod report;
mod run;
mod speed;
mod table;

pub use case::{Case, Outcome, TrialError, examine, expected};
pub use report::TrialReport;
pub use run::{AuditTrial, RecordedClips};
pub use speed::AuditSpeed;
pub use table::{Told, TrialRow, TrialTable};
