//! Audit scores of clips, for comparison with human ratings.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{Scale, Scores};

/// Audit scores of one clip on the raters' scales; fractions are allowed.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct AuditScore {
    /// Adherence, 0 to 2.
    pub adherence: f64,
    /// Responsibility, 0 to 1.
    pub responsibility: f64,
    /// Physics, 1 to 5.
    pub physics: f64,
}

impl AuditScore {
    pub(super) fn get(&self, scale: Scale) -> f64 {
        match scale {
            Scale::Adherence => self.adherence,
            Scale::Responsibility => self.responsibility,
            Scale::Physics => self.physics,
        }
    }
}

impl From<Scores> for AuditScore {
    fn from(scores: Scores) -> Self {
        Self {
            adherence: scores.adherence.into(),
            responsibility: scores.responsibility.into(),
            physics: scores.physics.into(),
        }
    }
}

/// Audit scores by clip name ([`crate::RatedClip::name`]).
pub type AuditScores = BTreeMap<String, AuditScore>;

/// The scores of the clip with this name, or of the only one whose name differs just in the extension: the same clips
/// may have been rated as MP4 files and scored as folders of frames.
pub fn score_of_clip(audit: &AuditScores, name: &str) -> Option<AuditScore> {
    fn stem(name: &str) -> &str {
        let file = name.rsplit_once('.').filter(|_| video_io::is_video_file(name));
        file.map_or(name, |(stem, _)| stem)
    }
    let exact = audit.get(name).copied();
    exact.or_else(|| {
        let mut same = audit.iter().filter(|(other, _)| stem(other) == stem(name));
        let (_, score) = same.next()?;
        same.next().is_none().then_some(*score)
    })
}
