//! The search for the start state, action and impulses with which the simulator comes nearest to a step of a clip.

use pusht_env::{CONTACT_PAIRS, Pose, PushT, State};

use super::seen_step::{SeenStep, StepErrors, outline_difference};
use crate::agent_control::CONTROL_STEP;
use crate::geometry::centroid;

/// Numbers that describe the start of a step: agent before and after, its velocity, the T's center and angle.
const DIMENSIONS: usize = 9;

/// Start states of the first search, over all allowed errors, and of each further one around the best so far, in which
/// the errors are smaller by these factors.
const FIRST: usize = 300;
const FURTHER: usize = 100;
const SMALLER: [f64; 3] = [0.5, 0.25, 0.12];

/// Number of ends of a step from which the next one starts.
const KEPT: usize = 4;
/// The same for a T at a wall, and the fewest start states that are tried there to find ends with different impulses.
const KEPT_AT_WALL: usize = 16;
const LEAST_AT_WALL: usize = 64;

/// Largest logarithm of the factor by which an impulse differs from that of the simulator that followed the clip.
const IMPULSE_ERROR: f64 = 1.5;

/// The number φ of n dimensions: φ^(n + 1) = φ + 1.
const PHI_OF_STATE: f64 = 1.075_766_066_086_837_1;
const PHI_OF_IMPULSES: f64 = 1.068_297_188_920_841_2;

/// A difference from the start state that is seen.
#[derive(Clone, Copy)]
struct Change {
    state: [f64; DIMENSIONS],
    /// Logarithms of the factors for the impulses of each pair of shapes.
    impulses: [f64; CONTACT_PAIRS],
}

const NO_CHANGE: Change = Change {
    state: [0.0; DIMENSIONS],
    impulses: [0.0; CONTACT_PAIRS],
};

/// The simulator after the step.
pub(super) struct End {
    /// Its difference from the clip, px of the T's outline.
    pub(super) residual: f64,
    change: Change,
    pub(super) env: PushT,
}

pub(super) struct Search<'a> {
    step: &'a SeenStep,
    /// The simulator after the last step.
    starts: Vec<PushT>,
    env: &'a mut PushT,
    /// The best so far, nearest first, and how many of them are kept.
    pub(super) ends: Vec<End>,
    kept: usize,
    /// Start states that are still to be tried if one is near.
    left: usize,
    /// Pose after the step from the seen state.
    plain: Option<Pose>,
    /// Largest difference from that pose, px.
    pub(super) spread: f64,
}

impl<'a> Search<'a> {
    /// A search from the ends of the last step. Different ends are of use only to a step at a wall that is searched.
    pub(super) fn new(step: &'a SeenStep, starts: Vec<PushT>, env: &'a mut PushT, search: bool) -> Self {
        let [kept, left] = if search && step.at_wall {
            [KEPT_AT_WALL, LEAST_AT_WALL]
        } else {
            [KEPT, 0]
        };
        Self {
            step,
            starts,
            env,
            ends: Vec::with_capacity(kept + 1),
            kept,
            left,
            plain: None,
            spread: 0.0,
        }
    }

    /// Tries the state that is seen. `None` for numbers that are not finite, as in the following.
    pub(super) fn as_seen(&mut self) -> Option<()> {
        for start in 0..=self.starts.len() {
            if !self.is_done() {
                self.attempt(&NO_CHANGE, start)?;
            }
        }
        Some(())
    }

    /// Tries states within the errors, until one is near.
    pub(super) fn within_errors(&mut self) -> Option<()> {
        self.around(&NO_CHANGE, 1.0, FIRST)?;
        for factor in SMALLER {
            let center = self.ends.first()?.change;
            self.around(&center, factor, FURTHER)?;
        }
        Some(())
    }

    fn is_done(&self) -> bool {
        let residual = self.ends.first().map_or(f64::INFINITY, |end| end.residual);
        residual <= self.step.errors.near && self.left == 0
    }

    /// Tries `count` start states around `center`, with the errors smaller by `factor`. At a wall every second one has
    /// other impulses.
    fn around(&mut self, center: &Change, factor: f64, count: usize) -> Option<()> {
        let StepErrors {
            agent,
            velocity,
            block,
            angle,
            ..
        } = self.step.errors;
        let errors = [agent, agent, agent, agent, velocity, velocity, block, block, angle];
        for k in 1..=count {
            if self.is_done() {
                break;
            }
            let mut change = *center;
            let point: [f64; DIMENSIONS] = evenly_spread(k, PHI_OF_STATE);
            for (i, error) in errors.into_iter().enumerate() {
                change.state[i] = (change.state[i] + factor * error * point[i]).clamp(-error, error);
            }
            if self.step.at_wall && !k.is_multiple_of(2) {
                let point: [f64; CONTACT_PAIRS] = evenly_spread(k, PHI_OF_IMPULSES);
                for (impulse, at) in change.impulses.iter_mut().zip(point) {
                    *impulse = (*impulse + factor * IMPULSE_ERROR * at).clamp(-IMPULSE_ERROR, IMPULSE_ERROR);
                }
            }
            self.attempt(&change, k / 2 % (self.starts.len() + 1))?;
        }
        Some(())
    }

    /// Plays the step from a changed start state: with the impulses of the last step in the way that was nearest to the
    /// clip, `start` counted from there, or without.
    fn attempt(&mut self, change: &Change, start: usize) -> Option<()> {
        let Self { step, env, .. } = self;
        let by = change.state;
        let [before, after] = step.agent;
        let before = [before[0] + by[0], before[1] + by[1]];
        let after = [after[0] + by[2], after[1] + by[3]];
        let velocity = [step.velocity[0] + by[4], step.velocity[1] + by[5]];
        let c = CONTROL_STEP;
        let action = [0, 1].map(|i| ((after[i] - c.alpha * before[i] - c.beta * velocity[i]) / c.gamma) as f32);
        let state = State {
            agent: before,
            block: shifted(step.block[0], [by[6], by[7]], by[8]),
        };
        match self.starts.get(start) {
            Some(last) => {
                **env = *last;
                if change.impulses != NO_CHANGE.impulses {
                    env.scale_impulses(&change.impulses.map(f64::exp)).ok()?;
                }
                env.place(state, velocity).ok()?;
            }
            None => env.set_motion(state, velocity).ok()?,
        }
        env.step(action).ok()?;
        let block = env.state().block;
        let residual = outline_difference(block, step.block[1]);
        let plain = *self.plain.get_or_insert(block);
        self.spread = self.spread.max(outline_difference(block, plain));
        self.left = self.left.saturating_sub(1);
        let at = self.ends.partition_point(|end| end.residual <= residual);
        if at < self.kept {
            let env = *self.env;
            let change = *change;
            self.ends.insert(at, End { residual, change, env });
            self.ends.truncate(self.kept);
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

/// The k-th point of a sequence that fills [-1, 1]^N evenly: multiples of the powers of 1/φ.
fn evenly_spread<const N: usize>(k: usize, phi: f64) -> [f64; N] {
    let mut power = 1.0;
    std::array::from_fn(|_| {
        power /= phi;
        2.0 * (0.5 + power * k as f64).fract() - 1.0
    })
}
