//! The coarse half of planning: a beam search over sequences of strokes.
//!
//! Walking costs the length of the path; pushes are simulated, from rest at the start of the run-up and faster than
//! they will be carried out (the T has no inertia, so its path depends little on the speed). One simulated push gives
//! the outcomes of all its lengths.

use super::ExpertConfig;
use super::outline::{Placement, REACH, distance};
use super::plan::{Moment, pose_distance, steps_to_go};
use super::route::{Router, on_board};
use super::stroke::{RUN_UP, Stroke};
use crate::coverage::SUCCESS_COVERAGE;
use crate::{AGENT_RADIUS, EnvError, Pose, PushT, State};
use pusht_physics::Vec2;

/// Largest number of strokes in a sequence.
const DEPTH: usize = 3;
/// Sequences that are continued.
const BEAM: usize = 8;
/// Largest number of them that begin at the same place.
const SAME_PLACE: usize = 3;
/// Distance between the contact points that are tried, px.
const SPACING: f64 = 14.0;
/// Angles to the inward normal that are tried, rad.
const TILTS: [f64; 3] = [0.0, -0.5, 0.5];
/// Steps of a simulated push.
const PUSH_STEPS: usize = 16;
/// Smallest share of the current distance by which a stroke must move the T, so that sequences do not fill up with
/// strokes that do nothing.
const LEAST_MOVE: f64 = 0.15;
/// A push is followed no further once the T is this much farther from the goal than at its best, px.
const DETOUR: f64 = 40.0;
/// Steps for setting off and coming to rest, in addition to distance over speed: walk, push.
const OVERHEAD: [f64; 2] = [5.0, 4.0];

/// A sequence of strokes and its outcome.
#[derive(Clone, Debug)]
pub(super) struct Candidate {
    pub strokes: Vec<Stroke>,
    /// Distance of the T from the goal afterwards.
    pub distance: f64,
    block: Pose,
    agent: Vec2,
    steps: f64,
    /// Steps taken plus estimated steps to go.
    cost: f64,
}

/// Sequences that bring the T nearer or finish, best first, followed by those that do not.
pub(super) fn search(now: &Moment, router: &Router, config: &ExpertConfig) -> Result<Vec<Candidate>, EnvError> {
    let strokes = strokes();
    let mut beam = vec![Candidate {
        strokes: Vec::new(),
        distance: now.distance(),
        block: now.env.state().block,
        agent: now.target,
        steps: 0.0,
        cost: f64::INFINITY,
    }];
    let mut all = Vec::new();
    let mut env = now.env;
    for _ in 0..DEPTH {
        let mut next: Vec<Candidate> = Vec::new();
        for parent in &beam {
            let ways = router.ways_from(parent.agent, Placement::of(parent.block));
            for &stroke in &strokes {
                if let Some(walk) = ways.length_to(stroke.start()) {
                    next.extend(best_length(parent, stroke, walk, &mut env, config)?);
                }
            }
        }
        next.sort_by(|a, b| a.cost.total_cmp(&b.cost));
        all.extend(next.iter().cloned());
        let mut begun = [0; REACH.len()];
        next.retain(|c| {
            c.strokes.first().is_some_and(|first| {
                begun[first.place] += 1;
                begun[first.place] <= SAME_PLACE
            })
        });
        next.truncate(BEAM);
        beam = next;
    }
    all.sort_by(|a, b| a.cost.total_cmp(&b.cost));
    Ok(all)
}

/// Every place and direction that is tried.
fn strokes() -> Vec<Stroke> {
    let mut all = Vec::new();
    for (place, reach) in REACH.iter().enumerate() {
        let count = ((reach.to - reach.from) / SPACING).round().max(1.0);
        for i in 0..=count as usize {
            let along = reach.from + (reach.to - reach.from) * i as f64 / count;
            let tilted = TILTS.map(|tilt| Stroke {
                place,
                along,
                tilt,
                bend: 0.0,
                length: 0.0,
            });
            all.extend(tilted.into_iter().filter(|s| distance(s.start()) >= AGENT_RADIUS));
        }
    }
    all
}

/// Simulates one push and picks the best of its lengths; `None` if it moves nothing.
fn best_length(
    parent: &Candidate,
    stroke: Stroke,
    walk: f64,
    env: &mut PushT,
    config: &ExpertConfig,
) -> Result<Option<Candidate>, EnvError> {
    let goal = env.goal();
    let placement = Placement::of(parent.block);
    let begin = placement.to_board(stroke.start());
    env.set_state(State {
        agent: begin.array(),
        block: parent.block,
    })?;
    let speed = (3.0 + 0.12 * parent.distance).clamp(4.0, 16.0);
    let before = parent.steps + OVERHEAD[0] + OVERHEAD[1] + walk / config.walk_speed;
    let mut target = begin + placement.turn(stroke.direction(0.0)) * (RUN_UP - 2.0);
    let mut best: Option<Candidate> = None;
    let mut block = parent.block;
    let mut closest = parent.distance;
    for _ in 0..PUSH_STEPS {
        let pushed = (Vec2::from(env.state().agent) - begin).length();
        target = target + Placement::of(block).turn(stroke.direction(pushed)) * speed;
        if !on_board(target) {
            break;
        }
        env.step([target.x as f32, target.y as f32])?;
        let state = env.state();
        if state.block == block {
            continue;
        }
        block = state.block;
        let agent = Vec2::from(state.agent);
        let length = (agent - begin).length();
        let steps = before + length / config.push_speed;
        let distance = pose_distance(block, goal);
        let cost = steps
            + if env.coverage() > SUCCESS_COVERAGE {
                0.0
            } else {
                steps_to_go(distance)
            };
        let moved = pose_distance(block, parent.block) > LEAST_MOVE * parent.distance;
        if moved && best.as_ref().is_none_or(|b| cost < b.cost) {
            let mut strokes = parent.strokes.clone();
            strokes.push(Stroke { length, ..stroke });
            best = Some(Candidate {
                strokes,
                distance,
                block,
                agent,
                steps,
                cost,
            });
        }
        closest = closest.min(distance);
        if distance > closest + DETOUR {
            break;
        }
    }
    Ok(best)
}
