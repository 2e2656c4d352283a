//! The report of a study: the paper's Table 3 (mean per scale) with intervals, agreement of the raters, and rank
//! correlation with an audit.

use serde::{Deserialize, Serialize};
use traj_metrics::Bootstrap;

use super::agreement::Level;
use super::audit::AuditScore;
use crate::Scale;

/// A figure with its interval.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Figure {
    /// Value for the data themselves.
    pub value: f64,
    /// Lower and upper bound; `None` for fewer than two clips, or if most resamples have no value.
    pub interval: Option<[f64; 2]>,
}

/// Statistics of one scale.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ScaleReport {
    /// The scale.
    pub scale: Scale,
    /// Lowest score.
    pub lowest: u8,
    /// Highest score.
    pub highest: u8,
    /// Number of ratings with each score, from the lowest.
    pub counts: Vec<usize>,
    /// Mean over the clips of the mean over each clip's raters. Interval: clips and, from two raters on, raters are
    /// resampled.
    pub mean: Figure,
    /// Level of measurement used for alpha.
    pub level: Level,
    /// Krippendorff's alpha; `None` if it is not defined. Interval: clips are resampled.
    pub alpha: Option<Figure>,
    /// Spearman's rank correlation of the clips' means with the audit's scores; `None` without an audit, or if it is
    /// not defined. Interval: clips are resampled.
    pub audit_correlation: Option<Figure>,
}

/// Ratings of one clip.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ClipReport {
    /// Path relative to the folder of clips.
    pub name: String,
    /// SHA-256 of its content.
    pub sha256: String,
    /// Number of ratings.
    pub ratings: usize,
    /// Mean adherence, responsibility and physics.
    pub means: [f64; 3],
    /// Audit scores of the clip, if there are any.
    pub audit: Option<AuditScore>,
}

/// Ratings of one person.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RaterReport {
    /// Name of the rater.
    pub name: String,
    /// Number of ratings.
    pub ratings: usize,
    /// Mean adherence, responsibility and physics.
    pub means: [f64; 3],
}

/// The statistics of a study. Serialization preserves all values exactly.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RatingReport {
    /// Number of clips of the study, rated or not.
    pub clips_in_all: usize,
    /// Number of valid ratings.
    pub ratings: usize,
    /// Number of rated clips with audit scores.
    pub audited: usize,
    /// Settings of the intervals.
    pub bootstrap: Bootstrap,
    /// Statistics of adherence, responsibility and physics; empty without ratings.
    pub scales: Vec<ScaleReport>,
    /// All rated clips, sorted by name.
    pub clips: Vec<ClipReport>,
    /// All raters with at least one rating, sorted by name.
    pub raters: Vec<RaterReport>,
}
