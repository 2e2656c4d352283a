//! Steps of clips against the exact simulator: what it does is clean, whatever happens; what it would not do is found.

#![allow(clippy::unwrap_used, reason = "helpers of tests")]

use clip_audit::{Auditor, ClipAudit, FindingKind, Strips, VideoAuditor};
use corruptions::{Clip, ClipPlayer, Corruption, Strength};
use pusht_env::{Action, EnvConfig, Frame, PushT, Renderer, State, draw_marker};
use pusht_vision::geometry::centroid;

/// Not one of the seeds on which tolerances were set.
const SEEDS: std::ops::Range<u64> = 400..408;

fn audit(frames: &[Frame]) -> ClipAudit {
    Auditor::new().unwrap().audit(frames).unwrap()
}

#[test]
fn clips_of_the_simulator_are_clean_whoever_plays() {
    for player in [ClipPlayer::Pinning, ClipPlayer::Random] {
        let (mut moving, mut reproduced) = (0, 0);
        for seed in SEEDS {
            let audit = audit(&Clip::played(player, seed, 96).unwrap().frames);
            assert_eq!(audit.findings, [], "{} {seed}", player.name());
            assert_eq!(audit.scores.responsibility.value, 1, "{} {seed}", player.name());
            let steps = audit.steps.unwrap();
            moving += steps.moving;
            reproduced += steps.reproduced;
        }
        assert!(
            moving > 50 && reproduced * 100 >= moving * 98,
            "{reproduced} of {moving}"
        );
    }
}

#[test]
fn wrong_dynamics_are_named_and_shown_beside_the_simulator() {
    for seed in SEEDS {
        let clip = Clip::simulated(seed, 96).unwrap();
        for corruption in [
            Corruption::BlockCounterturn,
            Corruption::BlockSlide,
            Corruption::BlockStuck,
        ] {
            let Some(frames) = corruption.apply(&clip, Strength::Clear, seed).unwrap() else {
                continue;
            };
            let first = frames.iter().zip(&clip.frames).position(|(a, b)| a != b).unwrap();
            let audit = audit(&frames);
            assert_eq!(
                audit.main(),
                Some(FindingKind::Dynamics),
                "{} {seed}",
                corruption.name()
            );
            assert!(audit.scores.physics.value < 5);
            let finding = audit.findings[0];
            assert!(
                finding.frames.first + 1 >= first,
                "{} {seed}: {finding}",
                corruption.name()
            );
            assert!(finding.to_string().contains(" px of 512"), "{finding}");
            assert!(finding.simulated.is_some());
            let mut strips = Strips::new(&audit, 6, 2);
            for (index, frame) in frames.iter().enumerate() {
                strips.push(index, frame);
            }
            let strip = &strips.finish().unwrap()[0];
            assert!(strip.picture.pixels().any(|p| p.0 == [255, 127, 14]));
        }
    }
}

/// In these clips the agent passes along the T's side, so that each step would move it by a few px only.
#[test]
fn a_t_that_is_pushed_a_little_at_a_time_but_stays_is_found() {
    for seed in [3, 10, 71, 98] {
        let clip = Clip::simulated(seed, 96).unwrap();
        let frames = Corruption::BlockStuck
            .apply(&clip, Strength::Clear, seed)
            .unwrap()
            .unwrap();
        assert_eq!(audit(&frames).main(), Some(FindingKind::Dynamics), "{seed}");
    }
}

/// Clips in which a T between disc and wall is thrown far by impulses that added up over many steps (the simulator must
/// know them, or a single step must not count), and one in which the T is pushed off the board and comes back (only its
/// outline is seen there, which must not be taken for its color).
#[test]
fn a_t_that_is_pressed_into_a_wall_is_clean_whatever_happens() {
    for seed in [196, 5051, 5259, 5290] {
        let clip = Clip::played(ClipPlayer::Pinning, seed, 96).unwrap();
        assert_eq!(audit(&clip.frames).findings, [], "{seed}");
    }
}

#[test]
fn a_bent_t_is_named_by_its_shape() {
    for seed in SEEDS {
        let clip = Clip::simulated(seed, 96).unwrap();
        let frames = Corruption::BlockBend
            .apply(&clip, Strength::Clear, seed)
            .unwrap()
            .unwrap();
        assert_eq!(audit(&frames).main(), Some(FindingKind::BlockResized), "{seed}");
    }
}

/// A disc that runs at the T and drives it into a corner, from the start on: films of 384 px with the cross at the
/// target, as `pusht rollout --save-video` and gym-pusht's `render` make them.
fn film_with_cross() -> Vec<Frame> {
    let mut env = PushT::new(EnvConfig::gym_pusht()).unwrap();
    env.set_state(State::from_row([330.0, 320.0, 250.0, 200.0, 0.4]))
        .unwrap();
    let mut renderer = Renderer::new(384, EnvConfig::gym_pusht().fill_rule).unwrap();
    let mut frames = vec![renderer.render(&env.scene())];
    for step in 0..60 {
        let (agent, center) = (env.state().agent, centroid(env.state().block));
        // Runs at the T, and rests between the runs: the cross lies on the disc.
        let way = [center[0] - agent[0], center[1] - agent[1]];
        let length = way[0].hypot(way[1]).max(1.0);
        let ahead = if step % 12 < 8 { 45.0 } else { 0.0 };
        let action: Action = [0, 1].map(|i| (agent[i] + ahead * way[i] / length).clamp(0.0, 512.0) as f32);
        env.step(action).unwrap();
        let mut frame = renderer.render(&env.scene());
        draw_marker(&mut frame, action);
        frames.push(frame);
    }
    frames
}

#[test]
fn the_cross_at_the_target_is_not_a_defect() {
    let audit = VideoAuditor::new().unwrap().audit_frames(&film_with_cross()).unwrap();
    assert!(!audit.is_unphysical(), "{:?}", audit.findings);
    assert!(audit.steps.unwrap().moving > 20);
}
