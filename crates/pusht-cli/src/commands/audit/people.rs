//! Human ratings in the verdicts of an audit.

use anyhow::Result;
use clip_review::{People, ScaleValues, Verdicts};
use rating::{AuditScore, AuditScores, Ratings};
use traj_metrics::Bootstrap;

/// Adds the statistics of the ratings to the verdicts.
pub(super) fn add(ratings: &Ratings, verdicts: &mut Verdicts) -> Result<()> {
    let beside = ratings.report_beside(&rule_scores(verdicts), Bootstrap::default())?;
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

/// The scores of the rules by clip name.
pub(super) fn rule_scores(verdicts: &Verdicts) -> AuditScores {
    let of_clip = |(name, scores): (String, ScaleValues)| {
        let score = AuditScore {
            adherence: scores.adherence,
            responsibility: scores.responsibility,
            physics: scores.physics,
        };
        (name, score)
    };
    verdicts.scores().into_iter().map(of_clip).collect()
}
