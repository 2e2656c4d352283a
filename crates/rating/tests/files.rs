//! Scores and reports in files.
#![allow(clippy::unwrap_used, reason = "helpers of tests")]

use std::fs;

use rating::{AuditScore, AuditScores, RatedClip, Rating, RatingReport, Ratings, Scores, read_audit_scores};
use traj_metrics::Bootstrap;

fn ratings() -> Ratings {
    let clip = |name: &str| RatedClip {
        name: name.to_owned(),
        sha256: "00".to_owned(),
    };
    let rating = |clip: usize, physics: u8| Rating {
        clip,
        rater: 0,
        scores: Scores {
            adherence: 2,
            responsibility: 1,
            physics,
        },
        rated: "2026-11-23T04:00:00Z".to_owned(),
        seconds: None,
    };
    Ratings {
        clips: vec![clip("a.mp4"), clip("b.mp4")],
        raters: vec!["Ada".to_owned()],
        ratings: vec![rating(0, 4), rating(1, 5)],
    }
}

fn audit(clip: &str) -> AuditScores {
    let score = AuditScore {
        adherence: 2.0,
        responsibility: 1.0,
        physics: 3.5,
    };
    [(clip.to_owned(), score)].into()
}

#[test]
fn a_report_is_written_and_reads_back_equal() {
    let folder = tempfile::tempdir().unwrap();
    let (ratings, out) = (ratings(), folder.path().join("report"));
    let report = ratings.report(None, Bootstrap::default()).unwrap();
    ratings.write_report(&report, &out).unwrap();
    let json = fs::read_to_string(out.join("report.json")).unwrap();
    assert!(json.ends_with("}\n"));
    assert_eq!(serde_json::from_str::<RatingReport>(&json).unwrap(), report);
    assert_eq!(fs::read_to_string(out.join("report.md")).unwrap(), report.to_string());
    assert_eq!(fs::read_to_string(out.join("ratings.csv")).unwrap().lines().count(), 3);
}

#[test]
fn scores_of_an_audit_are_read_and_other_files_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("scores.json");
    fs::write(&path, serde_json::to_string(&audit("a.mp4")).unwrap()).unwrap();
    assert_eq!(read_audit_scores(&path).unwrap(), audit("a.mp4"));
    fs::write(&path, "{\"a.mp4\": 3}").unwrap();
    let refused = read_audit_scores(&path).unwrap_err().to_string();
    assert!(refused.contains("expected scores.json of `pusht audit`"), "{refused}");
    assert!(read_audit_scores(folder.path().join("none.json")).is_err());
}

#[test]
fn an_audit_of_other_clips_is_said_and_left_out() {
    let same = ratings().report_beside(&audit("a.gif"), Bootstrap::default()).unwrap();
    assert_eq!((same.report.audited, same.unmatched), (1, None));
    let other = ratings().report_beside(&audit("z.mp4"), Bootstrap::default()).unwrap();
    assert_eq!(other.report.audited, 0);
    assert!(other.unmatched.unwrap().contains("z.mp4"));
}
