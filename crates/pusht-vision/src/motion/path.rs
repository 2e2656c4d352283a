//! The T's path in a clip, and the part of it that the agent pushed.

use pusht_env::Pose;
use serde::{Deserialize, Serialize};

use super::ClipSteps;
use crate::geometry::moved;
use crate::{FrameRange, limits};

/// Motion of the T up to which it is attributed to tracking errors, px.
pub(super) const STILL: f64 = 1.5;

/// Path length of the T in a clip, and the part that the agent pushed.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Motion {
    /// Length of the T's path, px, measured at the corner that moves furthest.
    #[serde(alias = "way")]
    pub path_length: f64,
    /// The part of it that the agent pushed, px.
    pub pushed: f64,
}

impl Motion {
    /// Share of the T's motion that the agent pushed; 1 for a T that does not move.
    pub fn share(&self) -> f64 {
        if self.path_length > 0.0 {
            self.pushed / self.path_length
        } else {
            1.0
        }
    }
}

impl ClipSteps {
    /// The T's path and the part of it that was pushed: of a step with contact, all that the simulator reproduces. Where
    /// T or agent cannot be trusted, the path counts in the segments `broken` in which the T melts, is missing or in
    /// pieces, and is unknown elsewhere.
    pub(crate) fn motion(&self, broken: &[FrameRange]) -> Motion {
        let mut motion = Motion {
            path_length: 0.0,
            pushed: 0.0,
        };
        for step in (self.steps.iter().flatten()).filter(|s| s.moved > STILL) {
            if let Some(simulated) = step.simulated {
                motion.path_length += step.moved;
                motion.pushed += match simulated.is_reproduced() {
                    true => step.moved,
                    false => (step.moved - simulated.residual).max(0.0),
                };
            }
        }
        motion.path_length += (self.alone.iter())
            .map(|r| r.moved)
            .filter(|&m| m > limits::MOTION_WITHOUT_CONTACT)
            .sum::<f64>();
        let melts = |t: usize| broken.iter().any(|range| range.contains(t));
        let known: Vec<(usize, Pose)> = (self.seen.iter().enumerate())
            .filter_map(|(t, s)| Some((t, s.block?)))
            .collect();
        for pair in known.windows(2) {
            let ((from, was), (to, is)) = (pair[0], pair[1]);
            let path_length = moved(was, is);
            if to > from + 1 && path_length > limits::MOTION_WITHOUT_CONTACT && (from..=to).any(melts) {
                motion.path_length += path_length;
            }
        }
        motion
    }
}
