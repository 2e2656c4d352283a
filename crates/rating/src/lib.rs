//! People rate video clips blind in the browser: the page, its server, its database, and the statistics of the ratings.
//!
//! [`Ratings`] are the ratings of a study as plain values; [`Ratings::report`] computes the means of the three scales
//! with intervals, how far the raters agree, and how their order of the clips compares with an audit's. The page
//! `docs/rating.md` defines every figure.

mod clips;
mod error;
mod http;
mod ratings;
mod scale;
mod server;
mod stats;
mod store;

pub use error::RatingError;
pub use http::Stop;
pub use ratings::{RatedClip, Rating, Ratings};
pub use scale::{Scale, Scores};
pub use server::{Closing, Server, Settings, Tell};
pub use stats::{
    AuditScore, AuditScores, ClipReport, Figure, Level, RaterReport, RatingReport, ScaleReport, krippendorff_alpha,
    spearman,
};
