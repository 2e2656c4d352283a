//! Reports of earlier versions are read under their old names.
#![allow(clippy::unwrap_used)]

use clip_audit::FindingKind;
use clip_review::Verdicts;

#[test]
fn a_score_json() {
    let verdicts: Verdicts = serde_json::from_str(include_str!("fixtures/score_schema_1.json")).unwrap();
    let execution = verdicts.clips[0].execution.as_ref().unwrap();
    assert_eq!((execution.steps_to_divergence, execution.diverged), (7, true));
    let audit = &verdicts.clips[0].audit.as_ref().unwrap().audit;
    assert_eq!((audit.motion.path_length, audit.color_blur), (40.0, Some(0.25)));
    assert!(audit.progress.is_some() && audit.suppressed.is_empty());
    assert_eq!(verdicts.totals.steps_to_divergence, Some(7));
    assert_eq!(verdicts.totals.findings[&FindingKind::MotionWithoutContact], 1);
    assert_eq!(verdicts.totals.findings[&FindingKind::Color], 1);
    let text = serde_json::to_string(&verdicts).unwrap();
    assert_eq!(serde_json::from_str::<Verdicts>(&text).unwrap(), verdicts);
    assert!(
        text.contains("steps_to_divergence") && !text.contains("horizon"),
        "{text}"
    );
}
