//! The steps of a clip: what agent and T do between two frames, and what the simulator makes of it.

use pusht_env::{AGENT_RADIUS, Pose};
use serde::{Deserialize, Serialize};

use super::dynamics::{SimulatedStep, StepSimulator};
use super::seen_step::{SeenStep, StepErrors};
use crate::agent_control::{CONTROL_STEP, agent_path};
use crate::appearance::{ClipPicture, FrameAudit};
use crate::geometry::{apart, distance, moved, to_block, to_body, wall_depth};
use crate::limits;

/// Gap up to which an agent may touch the T, px: positions have errors of 1 px, poses of up to 3 px.
const REACH: f64 = 6.0;

/// Number of points of the straight line between the agent's positions in two frames that are checked.
const POINTS: usize = 5;

/// Depth in a wall or in the agent from which the T is pushed out, px: more than the tracker's error.
const IN_WALL: f64 = 2.0;

/// Positions of agent and T in a frame, if they can be trusted.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Trusted {
    /// Position of the agent, board px.
    pub agent: Option<[f64; 2]>,
    /// Pose of the T.
    pub block: Option<Pose>,
}

/// One step between two frames that both show agent and T.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Step {
    /// Largest displacement of a corner of the T, px.
    pub moved: f64,
    /// Displacement of the agent, px.
    pub path_length: f64,
    /// Whether the agent may have pushed the T, or a wall pushes the T out.
    pub touched: bool,
    /// What the simulator makes of a step with contact; `None` without contact, or if agent or T are not seen well
    /// enough to say.
    pub simulated: Option<SimulatedStep>,
}

/// Counts of steps. In JSON an array of the two.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "[usize; 2]", into = "[usize; 2]")]
pub struct StepCounts {
    /// Steps in which the T moves, or would move in the simulator.
    pub moving: usize,
    /// Those that the simulator reproduces.
    pub reproduced: usize,
}

impl From<[usize; 2]> for StepCounts {
    fn from([moving, reproduced]: [usize; 2]) -> Self {
        Self { moving, reproduced }
    }
}

impl From<StepCounts> for [usize; 2] {
    fn from(counts: StepCounts) -> Self {
        [counts.moving, counts.reproduced]
    }
}

/// Positions of agent and T in each frame, if they can be trusted.
pub(super) fn trusted(frames: &[FrameAudit]) -> Vec<Trusted> {
    let seen = |frame: &FrameAudit| {
        let tracked = &frame.tracked;
        let whole = (frame.shape).is_some_and(|s| s.stray + s.missing < 2.0 * limits::MISFIT && s.translucent < 1.0);
        Trusted {
            agent: tracked
                .agent
                .filter(|_| tracked.agent_confidence >= limits::AGENT_TRUSTED),
            block: tracked
                .block
                .filter(|_| whole && tracked.block_confidence >= limits::BLOCK_TRUSTED),
        }
    };
    frames.iter().map(seen).collect()
}

/// The steps of a clip; those with contact are played in the simulator.
pub(super) fn steps(
    seen: &[Trusted],
    frames: &[FrameAudit],
    picture: &ClipPicture,
    mut simulator: StepSimulator,
) -> Vec<Option<Step>> {
    let mut motion: Option<Velocity> = None;
    let mut steps = Vec::with_capacity(seen.len().saturating_sub(1));
    for (t, pair) in seen.windows(2).enumerate() {
        let (before, after) = (pair[0], pair[1]);
        let (Some(from), Some(to)) = (before.agent, after.agent) else {
            motion = None;
            simulator.forget();
            steps.push(None);
            continue;
        };
        let velocity = motion.unwrap_or_else(|| Velocity::unknown(from, to));
        motion = Some(velocity.after(from, to));
        let (Some(was), Some(is)) = (before.block, after.block) else {
            simulator.forget();
            steps.push(None);
            continue;
        };
        let touched = touched([from, to], velocity.value, [was, is]);
        // At a wall the simulator follows a T that is not touched as well: its search for contacts has a memory, which
        // decides in which order they are solved.
        let judged = touched && is_judged([&frames[t], &frames[t + 1]], [was, is]);
        let at_wall = wall_depth(was).max(wall_depth(is)) > -limits::WALL_REACH;
        let step = SeenStep {
            agent: [from, to],
            velocity: velocity.value,
            block: [was, is],
            errors: errors([&frames[t], &frames[t + 1]], picture, &velocity, at_wall),
            at_wall,
        };
        let simulated = if touched || at_wall {
            simulator.play(&step, judged).filter(|_| judged)
        } else {
            simulator.forget();
            None
        };
        steps.push(Some(Step {
            moved: moved(was, is),
            path_length: apart(from, to),
            touched,
            simulated,
        }));
    }
    steps
}

/// The agent's velocity, from its positions so far.
#[derive(Clone, Copy)]
struct Velocity {
    /// px/s.
    value: [f64; 2],
    /// The part of its error that is due to the unknown first velocity, px/s.
    error: f64,
}

impl Velocity {
    /// At the first frame that shows the agent: at rest, or moving at up to the speed of the step that follows.
    fn unknown(from: [f64; 2], to: [f64; 2]) -> Self {
        Self {
            value: [0.0; 2],
            error: crate::CONTROL_HZ * apart(from, to),
        }
    }

    /// One step later.
    fn after(self, from: [f64; 2], to: [f64; 2]) -> Self {
        let c = CONTROL_STEP;
        let value = [0, 1].map(|i| {
            let action = (to[i] - c.alpha * from[i] - c.beta * self.value[i]) / c.gamma;
            c.kappa * (action - from[i]) + c.lambda * self.value[i]
        });
        Self {
            value,
            error: self.error * c.memory().abs(),
        }
    }
}

/// True if the T is seen well enough in both frames to judge the step.
fn is_judged(frames: [&FrameAudit; 2], block: [Pose; 2]) -> bool {
    let seen = |frame: &FrameAudit| frame.tracked.block_confidence >= limits::BLOCK_JUDGED;
    frames.into_iter().all(seen) && block.iter().all(|&pose| wall_depth(pose) <= limits::BEYOND_WALL)
}

/// The errors of a step, which are larger in poor images and where agent and T are partly hidden.
fn errors(frames: [&FrameAudit; 2], picture: &ClipPicture, velocity: &Velocity, at_wall: bool) -> StepErrors {
    let confidence = |of: fn(&FrameAudit) -> f64| of(frames[0]).min(of(frames[1]));
    let hidden = |confidence: f64| 1.0 + limits::HIDDEN * (limits::CLEARLY_SEEN - confidence).max(0.0);
    let poor = picture.tracking_error();
    let reproduced = if at_wall {
        limits::REPRODUCED_AT_WALL
    } else {
        limits::REPRODUCED
    };
    let agent = poor * hidden(confidence(|f| f.tracked.agent_confidence));
    let block = poor * hidden(confidence(|f| f.tracked.block_confidence));
    StepErrors {
        agent: agent * limits::AGENT_ERROR,
        velocity: agent * limits::VELOCITY_ERROR + velocity.error,
        block: block * limits::BLOCK_ERROR,
        angle: block * limits::ANGLE_ERROR,
        near: block * limits::NEAR,
        residual: block * reproduced,
    }
}

/// True if the agent may have touched the T and pushed it, or a wall pushes the T out. An agent that stands pushes nothing.
fn touched(agent: [[f64; 2]; 2], velocity: [f64; 2], block: [Pose; 2]) -> bool {
    let [from, to] = agent;
    let overlap = AGENT_RADIUS - to_block(to_body(block[0], from)).0;
    if wall_depth(block[0]) > IN_WALL || overlap > IN_WALL {
        return true;
    }
    if apart(from, to) < limits::STANDING {
        return false;
    }
    let c = CONTROL_STEP;
    let action = [0, 1].map(|i| (to[i] - c.alpha * from[i] - c.beta * velocity[i]) / c.gamma);
    let curve = agent_path(from, velocity, action);
    // The velocity at the beginning of a clip is not known.
    let line = (0..POINTS).map(|k| {
        let share = k as f64 / (POINTS - 1) as f64;
        [0, 1].map(|i| from[i] + share * (to[i] - from[i]))
    });
    let near = |at: [f64; 2]| distance(block[0], at).min(distance(block[1], at)) <= AGENT_RADIUS + REACH;
    line.chain(curve).any(near)
}
