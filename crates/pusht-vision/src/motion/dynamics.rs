//! The exact simulator's answer to the steps of a clip.
//!
//! The simulator is put into the state of a frame, plays the action that leads the agent to its position in the next
//! frame, and the T's pose after that is compared with the next frame's. Nothing stops the agent, so its positions and
//! its velocity determine the action. Tracks have errors, and a T between the agent and a wall magnifies them: a step
//! counts by the smallest difference over the start states and actions that those errors allow, and has a tolerance
//! that grows with the spread of the answers to them.
//!
//! A frame does not show the impulses of the contacts, which the engine's solver remembers from substep to substep. In
//! a step after a simulated one they are kept from there; otherwise the solver begins without.

use pusht_env::{Pose, PushT, State};

use crate::agent_control::CONTROL_STEP;
use crate::geometry::{apart, centroid};
use crate::limits;
use crate::tracker::unwrap_angle;

/// Weight of an angle, px: about the distance of the T's outline from its center of gravity.
const LEVER: f64 = 60.0;

/// Numbers that describe the start of a step: agent before and after, its velocity, the T's center and angle.
const DIMENSIONS: usize = 9;

/// Changes of these numbers.
type Change = [f64; DIMENSIONS];

/// Start states of the first search, over all allowed errors, and of each further one around the best so far, in which
/// the errors are smaller by these factors.
const FIRST: usize = 300;
const FURTHER: usize = 100;
const SMALLER: [f64; 3] = [0.5, 0.25, 0.12];

/// Number of ends of a step from which the next one starts.
const KEPT: usize = 4;

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
    /// Largest residual that they cause where the simulator's answer hardly depends on them, px.
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
        let near = limits::NEAR * step.errors.residual;
        let mut tried = Search {
            step,
            starts: std::mem::take(&mut self.last),
            env: &mut self.env,
            ends: Vec::with_capacity(KEPT + 1),
            plain: None,
            spread: 0.0,
        };
        for start in 0..=tried.starts.len() {
            if tried.residual() > near {
                tried.attempt(&[0.0; DIMENSIONS], start)?;
            }
        }
        if search {
            tried.around(&[0.0; DIMENSIONS], 1.0, FIRST, near)?;
            for factor in SMALLER {
                let center = tried.ends.first()?.change;
                tried.around(&center, factor, FURTHER, near)?;
            }
        }
        let Search { ends, spread, .. } = tried;
        self.last.extend(ends.iter().map(|end| end.env));
        let best = ends.first()?;
        Some(SimulatedStep {
            block: best.env.state().block,
            residual: best.residual,
            tolerance: step.errors.residual.max(limits::SPREAD_SHARE * spread),
        })
    }
}

/// The search for the start state whose step ends nearest to the clip's.
struct Search<'a> {
    step: &'a SeenStep,
    /// The simulator after the last step.
    starts: Vec<PushT>,
    env: &'a mut PushT,
    /// The best so far, nearest first.
    ends: Vec<End>,
    /// Pose after the step from the seen state.
    plain: Option<Pose>,
    /// Largest difference from that pose, px.
    spread: f64,
}

struct End {
    residual: f64,
    change: Change,
    env: PushT,
}

impl Search<'_> {
    fn residual(&self) -> f64 {
        self.ends.first().map_or(f64::INFINITY, |end| end.residual)
    }

    /// Tries `count` start states around `center`, with the errors smaller by `factor`, until one is near.
    fn around(&mut self, center: &Change, factor: f64, count: usize, near: f64) -> Option<()> {
        let StepErrors {
            agent,
            velocity,
            block,
            angle,
            ..
        } = self.step.errors;
        let errors: Change = [agent, agent, agent, agent, velocity, velocity, block, block, angle];
        for k in 1..=count {
            if self.residual() <= near {
                break;
            }
            let point = evenly_spread(k);
            let change: Change = std::array::from_fn(|i| {
                let at = center[i] + factor * errors[i] * point[i];
                at.clamp(-errors[i], errors[i])
            });
            self.attempt(&change, k % (self.starts.len() + 1))?;
        }
        Some(())
    }

    /// Plays the step from a changed start state: with the impulses of the last step in the way that was nearest to the
    /// clip, `start` counted from there, or without.
    fn attempt(&mut self, change: &Change, start: usize) -> Option<()> {
        let Self { step, env, .. } = self;
        let [before, after] = step.agent;
        let before = [before[0] + change[0], before[1] + change[1]];
        let after = [after[0] + change[2], after[1] + change[3]];
        let velocity = [step.velocity[0] + change[4], step.velocity[1] + change[5]];
        let c = CONTROL_STEP;
        let action = [0, 1].map(|i| ((after[i] - c.alpha * before[i] - c.beta * velocity[i]) / c.gamma) as f32);
        let state = State {
            agent: before,
            block: shifted(step.block[0], [change[6], change[7]], change[8]),
        };
        match self.starts.get(start) {
            Some(last) => {
                **env = *last;
                env.place(state, velocity).ok()?;
            }
            None => env.set_motion(state, velocity).ok()?,
        }
        env.step(action).ok()?;
        let block = env.state().block;
        let residual = outline_difference(block, step.block[1]);
        let plain = *self.plain.get_or_insert(block);
        self.spread = self.spread.max(outline_difference(block, plain));
        let at = self.ends.partition_point(|end| end.residual <= residual);
        if at < KEPT {
            let env = *self.env;
            let change = *change;
            self.ends.insert(at, End { residual, change, env });
            self.ends.truncate(KEPT);
        }
        Some(())
    }
}

/// The pose with its center moved, and turned about it.
fn shifted(pose: Pose, by: [f64; 2], turn: f64) -> Pose {
    let center = centroid(pose);
    let angle = pose.angle + turn;
    let offset = centroid(Pose::new(0.0, 0.0, angle));
    Pose::new(center[0] + by[0] - offset[0], center[1] + by[1] - offset[1], angle)
}

/// The k-th point of a sequence that fills [-1, 1]^9 evenly: multiples of the powers of 1/φ, where φ^10 = φ + 1.
fn evenly_spread(k: usize) -> Change {
    const PHI: f64 = 1.075_766_066_086_837_1;
    let mut power = 1.0;
    std::array::from_fn(|_| {
        power /= PHI;
        2.0 * (0.5 + power * k as f64).fract() - 1.0
    })
}
