//! Motion analysis: which steps of a clip the exact simulator reproduces, the part of the T's motion that pushes
//! explain, and motion of agent and T without a cause.
//!
//! In the environment the T has no inertia and does not slide: its velocities are set to zero at every physics substep,
//! so it moves only in substeps in which the agent, a disc of 15 px, touches it, or a wall pushes it out. In a step in
//! which the agent may touch the T, the simulator says where the T goes; in every other the T must stay.

mod alone;
mod dynamics;
mod path;
mod search;
mod seen_step;
mod step;

pub use alone::Alone;
pub use dynamics::SimulatedStep;
pub(crate) use dynamics::StepSimulator;
pub use path::Motion;
pub use seen_step::outline_difference;
pub use step::{Step, StepCounts, Trusted};

use crate::appearance::{ClipPicture, FrameAudit};
use crate::limits;

/// Motion of agent and T in each step of a clip, where both can be trusted.
#[derive(Clone, Debug, PartialEq)]
pub struct ClipSteps {
    /// Positions in each frame.
    pub seen: Vec<Trusted>,
    /// Steps from frame t to frame t + 1; `None` if not both frames show agent and T.
    pub steps: Vec<Option<Step>>,
    /// Runs of steps in which the agent does not touch the T.
    pub alone: Vec<Alone>,
}

impl ClipSteps {
    pub(crate) fn of(frames: &[FrameAudit], picture: &ClipPicture, simulator: StepSimulator) -> Self {
        let seen = step::trusted(frames);
        let steps = step::steps(&seen, frames, picture, simulator);
        let alone = alone::alone(&steps, &seen);
        Self { seen, steps, alone }
    }

    /// The steps in which the T moves or is pushed, and those of them that the simulator reproduces. Steps that cannot
    /// be judged do not count.
    pub fn counts(&self) -> StepCounts {
        let mut counts = StepCounts::default();
        for (t, step) in self.steps.iter().enumerate() {
            let (Some(step), Some(block)) = (step, self.seen[t].block) else {
                continue;
            };
            let (moving, reproduced) = match step.simulated {
                Some(simulated) => {
                    let pushed = crate::geometry::moved(block, simulated.block) > path::STILL;
                    (pushed || step.moved > path::STILL, simulated.is_reproduced())
                }
                None => (!step.touched && step.moved > limits::MOVED_ALONE, false),
            };
            counts.moving += usize::from(moving);
            counts.reproduced += usize::from(moving && reproduced);
        }
        counts
    }

    /// The displacement of the agent in a step beyond that of the neighboring steps in the same direction, px, for
    /// every step that has neighbors. An agent under its PD controller keeps moving: for a single step of d from rest
    /// to rest, the target would have to be 3.4 d ahead first and 1.3 d behind a tenth of a second later.
    pub fn isolated(&self) -> Vec<(usize, f64)> {
        let displacements: Vec<Option<[f64; 2]>> = (self.seen.windows(2))
            .map(|pair| displacement(pair[0].agent, pair[1].agent))
            .collect();
        let mut found = Vec::new();
        for (t, three) in displacements.windows(3).enumerate() {
            let [Some(before), Some(now), Some(after)] = [three[0], three[1], three[2]] else {
                continue;
            };
            let length = now[0].hypot(now[1]);
            if length > 0.0 {
                let along = |d: [f64; 2]| (d[0] * now[0] + d[1] * now[1]) / length;
                found.push((t + 2, length - along(before).max(along(after)).max(0.0)));
            }
        }
        found
    }
}

fn displacement(from: Option<[f64; 2]>, to: Option<[f64; 2]>) -> Option<[f64; 2]> {
    let (from, to) = (from?, to?);
    Some([to[0] - from[0], to[1] - from[1]])
}
