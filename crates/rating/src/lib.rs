#![doc = include_str!("../README.md")]

mod clips;
mod error;
mod ratings;
mod scale;
mod server;
mod settings;
mod stats;
mod store;
mod study;

pub use error::RatingError;
pub use ratings::{RatedClip, Rating, Ratings};
pub use scale::{Scale, Scores};
pub use server::Server;
pub use settings::Settings;
pub use stats::{
    AuditScore, AuditScores, AuditedReport, ClipReport, Figure, Level, RaterReport, RatingReport, ScaleComparison,
    ScaleReport, compare_scores, krippendorff_alpha, read_audit_scores, score_of_clip,
};
pub use study::ServerSummary;
