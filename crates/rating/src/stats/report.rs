//! The table of a study: the paper's Table 3 (means a scale) with intervals, how far raters agree, and how their order of
//! the clips compares with an audit's.

use serde::{Deserialize, Serialize};
use traj_metrics::Bootstrap;

use super::agreement::Level;
use super::audit::AuditScore;
use crate::Scale;

/// A figure with its interval.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Figure {
    /// Of the data themselves.
    pub value: f64,
    /// Lower and upper bound; none below two clips, or where most resamples have no value.
    pub interval: Option<[f64; 2]>,
}

/// One scale.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ScaleReport {
    /// Which.
    pub scale: Scale,
    /// Lowest answer.
    pub lowest: u8,
    /// Highest answer.
    pub highest: u8,
    /// How often each answer was given, from the lowest.
    pub counts: Vec<usize>,
    /// Mean over the clips of the mean over each clip's raters. Interval: clips and, from two raters on, raters are
    /// resampled.
    pub mean: Figure,
    /// The distance between answers that alpha counts with.
    pub level: Level,
    /// Krippendorff's alpha; none where it is not defined. Interval: clips are resampled.
    pub alpha: Option<Figure>,
    /// Spearman's rank correlation of the clips' means with the audit's scores; none without an audit, or where it is
    /// not defined. Interval: clips are resampled.
    pub audit_correlation: Option<Figure>,
}

/// What people said of one clip.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ClipReport {
    /// Path below the folder of clips.
    pub name: String,
    /// SHA-256 of its content.
    pub sha256: String,
    /// Number of ratings.
    pub ratings: usize,
    /// Mean adherence, responsibility, physics.
    pub means: [f64; 3],
    /// What the audit says of it, where that is known.
    pub audit: Option<AuditScore>,
}

/// What one person said on the whole.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RaterReport {
    /// Name as given.
    pub name: String,
    /// Number of ratings.
    pub ratings: usize,
    /// Mean adherence, responsibility, physics.
    pub means: [f64; 3],
}

/// The statistics of a study. Everything serializes, and reads back equal.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RatingReport {
    /// Clips of the study, rated or not.
    pub clips_in_all: usize,
    /// Ratings that stand.
    pub ratings: usize,
    /// Clips with an audit's score that were rated.
    pub audited: usize,
    /// Settings of the intervals.
    pub bootstrap: Bootstrap,
    /// Adherence, responsibility, physics; empty without a rating.
    pub scales: Vec<ScaleReport>,
    /// Every clip that was rated, by name.
    pub clips: Vec<ClipReport>,
    /// Everyone who rated a clip, by name.
    pub raters: Vec<RaterReport>,
}
