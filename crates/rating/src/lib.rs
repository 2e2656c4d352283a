#![doc = include_str!("../README.md")]

mod clips;
mod error;
mod http;
mod ratings;
mod scale;
mod server;
mod stats;
mod store;

pub use error::RatingError;
pub use ratings::{RatedClip, Rating, Ratings};
pub use scale::{Scale, Scores};
pub use server::{Server, ServerSummary, Settings};
pub use stats::{
    AuditScore, AuditScores, ClipReport, Figure, Level, RaterReport, RatingReport, ScaleReport, krippendorff_alpha,
    spearman,
};
