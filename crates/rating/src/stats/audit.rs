//! What an audit says of the clips, to be compared with what people say.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::Scale;

/// What an audit says of one clip, on the raters' scales; fractions are allowed.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct AuditScore {
    /// 0 to 2.
    pub adherence: f64,
    /// 0 to 1.
    pub responsibility: f64,
    /// 1 to 5.
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

/// An audit's scores by the names of the clips ([`crate::RatedClip::name`]).
pub type AuditScores = BTreeMap<String, AuditScore>;

/// The score of the clip of this name, or of the only one whose name differs in the ending: the same clips may have been
/// rated as MP4 files and scored as folders of frames.
pub(super) fn of_clip_named(audit: &AuditScores, name: &str) -> Option<AuditScore> {
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
