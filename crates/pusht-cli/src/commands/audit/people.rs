//! Human ratings in the verdicts of an audit.

use anyhow::Result;
use clip_review::{People, Verdicts};
use rating::{AuditScore, Ratings};
use traj_metrics::Bootstrap;

/// Adds the statistics of the ratings to the verdicts.
pub(super) fn add(ratings: &Ratings, verdicts: &mut Verdicts) -> Result<()> {
    let scores = verdicts.scores().into_iter().map(|(name, s)| {
        let score = AuditScore {
            adherence: s.adherence,
            responsibility: s.responsibility,
            physics: s.physics,
        };
        (name, score)
    });
    let beside = ratings.report_beside(&scores.collect(), Bootstrap::default())?;
    let note = beside
        .unmatched
        .map(|reason| format!("no correlation of people and audit: {reason}"));
    verdicts.notes.extend(note);
    verdicts.people = Some(People {
        text: beside.report.to_string(),
        report: serde_json::to_value(&beside.report)?,
    });
    Ok(())
}
