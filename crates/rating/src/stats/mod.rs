//! Statistics of ratings: means, agreement, rank correlation with an audit.

mod agreement;
mod audit;
mod compare;
mod compute;
mod files;
mod report;
mod text;

pub use agreement::{Level, krippendorff_alpha};
pub use audit::{AuditScore, AuditScores, score_of_clip};
pub use compare::{ScaleComparison, compare_scores};
pub use compute::AuditedReport;
pub use files::read_audit_scores;
pub use report::{ClipReport, Figure, RaterReport, RatingReport, ScaleReport};
