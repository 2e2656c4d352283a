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
use super::seen_step::SeenStep;
use crate::limits;

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
