//! Runs of steps in which nothing touches the T.

use std::ops::Range;

use pusht_env::Pose;

use super::{Step, Trusted};
use crate::geometry::moved;
use crate::limits;

/// A run of steps in which the agent does not push the T.
#[derive(Clone, Debug, PartialEq)]
pub struct Alone {
    /// Frames of the run, from its first to its last.
    pub frames: Range<usize>,
    /// Largest displacement of the T from its pose in the first frame, px, without the path of an agent that creeps.
    pub moved: f64,
    /// Largest displacement in one step, px, and the frame after that step.
    pub jump: (f64, usize),
}

/// Runs of steps without contact; `steps[t]` is from frame t to frame t + 1.
pub(super) fn alone(steps: &[Option<Step>], seen: &[Trusted]) -> Vec<Alone> {
    let mut runs = Vec::new();
    let mut from = 0;
    for t in 0..=steps.len() {
        let goes_on = steps.get(t).is_some_and(|s| s.is_some_and(|s| !s.touched));
        if goes_on {
            continue;
        }
        if t > from {
            let poses: Vec<Pose> = seen[from..=t].iter().filter_map(|s| s.block).collect();
            let far = poses.iter().map(|&pose| moved(poses[0], pose)).fold(0.0, f64::max);
            let creeps = (steps[from..t].iter().flatten()).filter(|s| s.path_length < limits::STANDING);
            let crept: f64 = creeps.map(|s| s.path_length).sum();
            let jump = (from..t).filter_map(|k| Some((steps[k]?.moved, k + 1)));
            let jump = jump.max_by(|a, b| a.0.total_cmp(&b.0)).unwrap_or((0.0, from));
            runs.push(Alone {
                frames: from..t + 1,
                moved: (far - crept).max(0.0),
                jump,
            });
        }
        from = t + 1;
    }
    runs
}
