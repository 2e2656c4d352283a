//! Measures of earlier versions are read under their old names.
#![allow(clippy::unwrap_used)]

use pusht_env::{FillRule, GOAL, Pose, Renderer, Scene};
use pusht_vision::appearance::{FrameAudit, FrameReader};
use pusht_vision::motion::Motion;

#[test]
fn what_a_frame_shows() {
    let scene = Scene::new([300.0, 160.0], Pose::new(150.0, 330.0, 0.7), GOAL);
    let frame = Renderer::new(96, FillRule::default()).unwrap().render(&scene);
    let audit = *FrameReader::new(GOAL).unwrap().begin().push(&frame).unwrap();
    assert!(audit.shape.is_some());
    let text = serde_json::to_string(&audit).unwrap();
    let before = text.replace("color", "colour");
    assert_ne!(before, text);
    assert_eq!(serde_json::from_str::<FrameAudit>(&before).unwrap(), audit);
}

#[test]
fn how_far_the_t_moves() {
    let motion: Motion = serde_json::from_str(r#"{"way": 40.0, "pushed": 20.0}"#).unwrap();
    assert_eq!((motion.path_length, motion.pushed), (40.0, 20.0));
}
