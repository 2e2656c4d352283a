//! The exact simulator's answer to the steps of a clip.
//!
//! The simulator is put into the state of a frame, plays the action that leads the agent to its position in the next
//! frame, and the T's pose after that is compared with the next frame's. Nothing stops the agent, so its positions and
//! its velocity determine the action. Tracks have errors, and a T between the agent and a wall magnifies them: a step
//! counts by the smallest difference over the start states and actions that those errors allow. At a wall it has a
//! tolerance that grows with the spread of the answers to them.
//!
//! A frame does not show the impulses of the contacts, which the engine's solver remembers from substep to substep. In
//! a step after a simulated one they are kept from there; otherwise the solver begins without. Between agent and wall,
//! which both do not give way, they add up from step to step and then decide where the T goes: several simulators
//! follow a T at a wall, and the impulses are varied as well.

use pusht_env::{Pose, PushT};

use super::search::Search;
use crate::geometry::{apart, centroid};
use crate::limits;
use crate::tracker::unwrap_angle;

/// Weight of an angle, px: about the distance of the T's outline from its center of gravity.
const LEVER: f64 = 60.0;

/// Difference of two poses, px of the T's outline: |Δ center| + 60 px · |Δ angle|.
pub fn outline_difference(a: Pose, b: Pose) -> f64 {
    apart(centroid(a), centroid(b)) + LEVER * unwrap_angle(0.0, a.angle - b.angle).abs()
}

/// What the simulator makes of a step.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SimulatedStep {
    /// The T's pose after the step, from the start state that brings it nearest to the clip's.
    pub block: Pose,
    /// Its difference from the clip's, px of the T's outline.
    pub residual: f64,
    /// Largest residual of a reproduced step, px.
    pub tolerance: f64,
    /// Whether the T may touch a wall. Between wall and agent it may be thrown far by impulses that no frame shows.
    pub at_wall: bool,
}

impl SimulatedStep {
    /// True if the simulator reproduces the step.
    pub fn is_reproduced(&self) -> bool {
        self.residual <= self.tolerance
    }
}

/// A step as a clip shows it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct SeenStep {
    /// Positions of the agent in both frames, px.
    pub(super) agent: [[f64; 2]; 2],
    /// Velocity of the agent in the first frame, px/s.
    pub(super) velocity: [f64; 2],
    /// Poses of the T in both frames.
    pub(super) block: [Pose; 2],
    /// Errors of these.
    pub(super) errors: StepErrors,
    /// Whether the T may touch a wall.
    pub(super) at_wall: bool,
}

/// Largest errors of a seen step.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct StepErrors {
    /// Of the agent's positions, px per axis.
    pub(super) agent: f64,
    /// Of the agent's velocity, px/s per axis.
    pub(super) velocity: f64,
    /// Of the T's center, px per axis.
    pub(super) block: f64,
    /// Of the T's angle, rad.
    pub(super) angle: f64,
    /// Residual up to which no other start states are tried, px.
    pub(super) near: f64,
    /// Largest residual that they leave, px.
    pub(super) residual: f64,
}

/// Plays the steps of a clip, in order.
pub(crate) struct StepSimulator {
    env: PushT,
    /// The simulator after the last step, as it came nearest to the clip, nearest first.
    last: Vec<PushT>,
}

impl StepSimulator {
    /// Plays steps in this environment.
    pub(crate) const fn new(env: PushT) -> Self {
        Self { env, last: Vec::new() }
    }

    /// The next step is not one after the last.
    pub(super) fn forget(&mut self) {
        self.last.clear();
    }

    /// Plays a step, from other start states within its errors only if the T's pose is not near the clip's and `search`
    /// is set. `None` for numbers that are not finite.
    pub(super) fn play(&mut self, step: &SeenStep, search: bool) -> Option<SimulatedStep> {
        let starts = std::mem::take(&mut self.last);
        let mut tried = Search::new(step, starts, &mut self.env, search);
        tried.as_seen()?;
        if search {
            tried.within_errors()?;
        }
        let (ends, spread) = (tried.ends, tried.spread);
        self.last.extend(ends.iter().map(|end| end.env));
        let best = ends.first()?;
        let SeenStep { errors, at_wall, .. } = *step;
        let spread = if at_wall { limits::SPREAD_SHARE * spread } else { 0.0 };
        Some(SimulatedStep {
            block: best.env.state().block,
            residual: best.residual,
            tolerance: errors.residual.max(spread),
            at_wall,
        })
    }
}
