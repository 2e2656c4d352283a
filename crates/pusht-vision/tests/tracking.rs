//! Rendered states are tracked; missing objects are not found.
#![allow(clippy::unwrap_used)]

mod common;

use common::{errors, track};
use proptest::prelude::*;
use pusht_env::{FillRule, Frame, GOAL, Pose, Renderer, Scene};
use pusht_vision::{Tracker, VisionError, geometry, unwrap_angle, wrap};
use std::f64::consts::TAU;

const NOWHERE: Pose = Pose::new(f64::NAN, 0.0, 0.0);

fn picture(agent: [f64; 2], block: Pose, rule: FillRule) -> Frame {
    Renderer::new(96, rule).unwrap().render(&Scene::new(agent, block, GOAL))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn a_rendered_state_is_read_back(
        agent in [10.0..502.0, 10.0..502.0_f64],
        center in [100.0..412.0, 100.0..412.0_f64],
        angle in -10.0..10.0_f64,
        old in any::<bool>(),
    ) {
        // The T's middle is 41 px from its origin.
        let block = Pose::new(center[0] + 40.7 * angle.sin(), center[1] - 40.7 * angle.cos(), angle);
        // An agent that covers much of the T is not a state of the simulator.
        prop_assume!(geometry::distance(block, agent) > 8.0);
        let rule = if old { FillRule::Pygame25 } else { FillRule::Pygame26 };
        let tracked = track(&picture(agent, block, rule));
        let [agent_error, origin_error, angle_error] = errors(&tracked, agent, block);
        // The agent is drawn around an integer center, which loses half a pixel per axis.
        prop_assert!(agent_error < 1.1, "{agent_error} {tracked:?}");
        prop_assert!(origin_error < 4.0, "{origin_error} {tracked:?}");
        prop_assert!(angle_error < 0.05, "{angle_error} {tracked:?}");
        let angle = tracked.block.unwrap().angle;
        prop_assert!((0.0..TAU).contains(&angle));
    }
}

#[test]
fn an_agent_beside_a_wall_is_where_it_is_drawn() {
    let block = Pose::new(300.0, 250.0, 0.4);
    for along in [60.3, 256.0, 451.8] {
        for away in (8..30).map(f64::from) {
            let far = 512.0 - away;
            for agent in [[away, along], [along, away], [far, along], [along, far]] {
                for rule in [FillRule::Pygame25, FillRule::Pygame26] {
                    let [error, ..] = errors(&track(&picture(agent, block, rule)), agent, block);
                    assert!(error < 1.1, "{agent:?} {error}");
                }
            }
        }
    }
}

#[test]
fn what_is_absent_is_not_made_up() {
    let block = Pose::new(200.0, 220.0, 2.0);
    let no_agent = track(&picture([f64::NAN; 2], block, FillRule::default()));
    assert_eq!((no_agent.agent, no_agent.agent_confidence), (None, 0.0));
    assert!(no_agent.block.is_some() && no_agent.block_confidence > 0.9);
    assert!(no_agent.state().is_none());
    let no_block = track(&picture([100.0, 300.0], NOWHERE, FillRule::default()));
    assert_eq!((no_block.block, no_block.block_confidence), (None, 0.0));
    assert!(no_block.agent.is_some() && no_block.agent_confidence > 0.9);
    for color in [0, 128, 255] {
        let nothing = track(&Frame::from_pixel(96, 96, image::Rgb([color; 3])));
        assert_eq!((nothing.agent, nothing.block), (None, None));
    }
}

#[test]
fn frames_of_another_size_are_refused_by_name() {
    let error = Tracker::new(GOAL).unwrap().track(&Frame::new(64, 96)).unwrap_err();
    assert_eq!(error, VisionError::FrameSize { width: 64, height: 96 });
    assert!(error.to_string().contains("96 × 96"), "{error}");
    assert!(Tracker::new(NOWHERE).is_err());
}

#[test]
fn a_video_is_read_like_its_frames() {
    // The path of the agent crosses the T.
    let block_at = |t: usize| Pose::new(180.0 + 2.0 * t as f64, 230.0, 3.0 + 0.05 * t as f64);
    let agent_at = |t: usize| [60.0 + 8.0 * t as f64, 400.0 - 6.0 * t as f64];
    let frames: Vec<Frame> = (0..40)
        .map(|t| picture(agent_at(t), block_at(t), FillRule::default()))
        .collect();
    let tracker = Tracker::new(GOAL).unwrap();
    for (t, tracked) in tracker.track_video(&frames).unwrap().iter().enumerate() {
        let alone = tracker.track(&frames[t]).unwrap();
        for tracked in [&alone, tracked] {
            let [agent, origin, angle] = errors(tracked, agent_at(t), block_at(t));
            assert!(
                agent < 1.1 && origin < 2.5 && angle < 0.03,
                "frame {t}: {agent} {origin} {angle}"
            );
        }
    }
}

#[test]
fn angles_wrap_and_unwrap() {
    assert_eq!(wrap(-1e-20), 0.0);
    assert!((wrap(-0.5) - (TAU - 0.5)).abs() < 1e-12);
    assert!((unwrap_angle(6.2, 0.1) - (0.1 + TAU)).abs() < 1e-12);
    assert!((unwrap_angle(-0.1, 6.2) - (6.2 - TAU)).abs() < 1e-12);
}
