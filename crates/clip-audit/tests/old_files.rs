//! Audits, replays and benchmarks of earlier versions are read under their old names.
#![allow(clippy::unwrap_used)]

use clip_audit::benchmark::{BenchmarkTable, Case};
use clip_audit::{ClipAudit, ClipQuality, FindingKind, Replay, ReplaySummary};
use corruptions::{Corruption, Degradation, Strength};

#[test]
fn an_audit() {
    let audit: ClipAudit = serde_json::from_str(
        r#"{
            "frames": 30,
            "findings": [
                {"kind": "untouched", "frames": [3, 9], "value": 12.5, "threshold": 8.0, "worst": 9, "at": [150.0, 330.0]},
                {"kind": "colour", "frames": [0, 29], "value": 2.0, "threshold": 1.0, "worst": 4, "at": null}
            ],
            "withheld": [
                {"kind": "block-gone", "frames": [3, 4], "value": 1.0, "threshold": 1.0, "worst": 3, "at": null}
            ],
            "scores": {
                "adherence": {"value": 0, "why": "the T ends no nearer to the goal than it began", "frames": [[0, 29]]},
                "responsibility": {"value": 0, "why": "the agent pushed 50 % of the T's way of 40 px", "frames": [[3, 9]]},
                "physics": {"value": 3, "why": "the T moves without being pushed", "frames": [[3, 9]]}
            },
            "motion": {"way": 40.0, "pushed": 20.0},
            "reach": {
                "first_coverage": 0.1, "last_coverage": 0.2, "max_coverage": 0.25, "mean_reward": 0.2, "max_reward": 0.3,
                "solved": false, "pose_reached": false, "pose_kept": false, "gained": 0.05
            },
            "noise": 0.5, "blur": null, "colour_blur": 0.25, "ringing": null
        }"#,
    )
    .unwrap();
    assert_eq!(audit.main(), Some(FindingKind::MotionWithoutContact));
    assert!(audit.has(FindingKind::Color));
    assert_eq!(audit.suppressed.len(), 1);
    assert_eq!((audit.motion.path_length, audit.motion.share()), (40.0, 0.5));
    assert_eq!(audit.progress.unwrap().max_coverage, 0.25);
    assert_eq!(audit.color_blur, Some(0.25));
    // Files are written with the new names, and read back.
    let text = serde_json::to_string(&audit).unwrap();
    for name in [
        "motion-without-contact",
        "suppressed",
        "path_length",
        "progress",
        "color_blur",
    ] {
        assert!(text.contains(name), "{name}: {text}");
    }
    assert_eq!(serde_json::from_str::<ClipAudit>(&text).unwrap(), audit);
}

#[test]
fn replays() {
    let replay: Replay = serde_json::from_str(
        r#"{
            "start": {
                "frame": 0,
                "state": {"agent": [100.0, 200.0], "block": {"x": 300.0, "y": 250.0, "angle": 0.5}},
                "velocity": [0.0, 0.0]
            },
            "path": [[101.0, 200.0, 300.0, 250.0, 0.5]],
            "agent_error": [0.5], "position_error": [null], "angle_error": [null],
            "horizon": 1, "parted": false,
            "followed": {"length": 0.0, "turn": 0.0, "pushes": 0},
            "shown": {"length": 0.0, "turn": 0.0, "pushes": 0},
            "simulated": {"length": 0.0, "turn": 0.0, "pushes": 0},
            "end": {
                "clip": {"x": 300.0, "y": 250.0, "angle": 0.5}, "replay": {"x": 300.0, "y": 250.0, "angle": 0.5},
                "clip_coverage": 0.1, "replay_coverage": 0.1
            }
        }"#,
    )
    .unwrap();
    assert_eq!((replay.steps_to_divergence, replay.diverged), (1, false));
    let estimate = r#"{"value": 12.0, "low": 10.0, "high": 20.0}"#;
    let summary: ReplaySummary = serde_json::from_str(&format!(
        r#"{{
            "replays": 5, "parted": 2, "length": 80.0, "horizon": {estimate}, "followed": {estimate},
            "together": [{{"steps": 10, "replays": 5, "share": {estimate}}}],
            "coverage": {{"goal": null, "clip": 0.1, "replay": 0.1, "error": {estimate}, "mean_error": 0.0}},
            "own_goal": {estimate}, "over_time": []
        }}"#
    ))
    .unwrap();
    assert_eq!((summary.diverged, summary.steps_to_divergence.value), (2, 12.0));
    assert_eq!(summary.survival[0].steps, 10);
}

#[test]
fn clips_beside_their_demonstrations() {
    let quality: ClipQuality = serde_json::from_str(
        r#"{
            "frames": 24, "psnr": 30.0, "ssim": 0.9, "one_agent": 1.0, "deformation": 0.02, "pushed": null,
            "residual": null, "start_error": null, "end_error": null,
            "asked": {"length": 120.0, "turn": 1.0, "pushes": 3}
        }"#,
    )
    .unwrap();
    assert_eq!(quality.target.pushes, 3);
}

#[test]
fn a_benchmark() {
    let table: BenchmarkTable = serde_json::from_str(
        r#"{
            "rows": [
                {"case": {"damaged": ["colour-shift", "clear"]}, "clips": 2, "flagged": 2, "physical": 0, "found": 2, "named": 2,
                 "main": {"colour": 1, "untouched": 1}, "scores": [2.0, 1.0, 5.0]}
            ],
            "told": [
                {"defect": "colour-shift", "flagged": 1.0, "recall": 1.0, "precision": 0.5, "strict_precision": 0.5}
            ],
            "clean_flagged": 0.0, "mild_mistaken": 0.0
        }"#,
    )
    .unwrap();
    let row = &table.rows[0];
    assert_eq!(row.case, Case::Corrupted(Corruption::ColorShift, Strength::Clear));
    assert_eq!(row.main[&FindingKind::MotionWithoutContact], 1);
    assert_eq!(table.detection[0].corruption, Corruption::ColorShift);
    let coded: Degradation = serde_json::from_str(
        r#"{"side": 96, "gain": [1.0, 1.0, 1.0], "offset": [0.0, 0.0, 0.0], "blur": 0.0, "noise": 0.0, "quantiser": 30}"#,
    )
    .unwrap();
    assert_eq!(coded, Degradation::coded(96, 30));
}
