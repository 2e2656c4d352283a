//! What a set of ratings says: means, agreement, rank correlation with an audit.

mod agreement;
mod rank;
mod report;
mod text;

pub use agreement::{Level, krippendorff_alpha};
pub use rank::spearman;
pub use report::{AuditScore, AuditScores, ClipReport, Figure, RaterReport, RatingReport, ScaleReport};
