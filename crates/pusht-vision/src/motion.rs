//! Motion analysis: the part of the T's motion that pushes explain, and motion of agent and T without a cause.
//!
//! In the environment the T has no inertia and does not slide: its velocities are set to zero at every physics substep,
//! so it moves only in substeps in which the agent, a disc of 15 px, touches it. A push at lever x from its center of
//! gravity (mass 1, moment of inertia I = 3000 px², no friction) that moves the point of contact by d along the normal
//! moves the center by d I/(I + x²) and turns the T by d x/(I + x²). Its corners are up to 76.5 px from the center, so
//! no corner moves further than 1.36 d; 1.6 d allows for tracking errors. The point of contact never follows an agent
//! that leaves.

use std::ops::Range;

use pusht_env::{AGENT_RADIUS, Pose, WALL_RADIUS, WALLS, bar_vertices, stem_vertices};
use serde::{Deserialize, Serialize};

use crate::appearance::FrameAudit;
use crate::geometry::{apart, distance, moved, to_block, to_body};
use crate::limits;

/// Largest displacement of a corner of the T per displacement of the agent, with a margin.
const GEAR: f64 = 1.6;

/// Gap up to which an agent may touch the T, px: positions have errors of 1 px, poses of up to 3 px.
const REACH: f64 = 6.0;

/// Number of points of the agent's path between two frames that are checked.
const POINTS: usize = 5;

/// Depth in a wall from which the T is pushed out, px: more than the tracker's error.
const IN_WALL: f64 = 2.0;

/// Motion of the T up to which it is attributed to tracking errors, px.
const STILL: f64 = 1.5;

/// One step between two frames that both show agent and T.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Step {
    /// Largest displacement of a corner of the T, px.
    pub moved: f64,
    /// Displacement of the agent, px.
    pub path_length: f64,
    /// Whether the agent may have touched the T, or a wall pushes the T out.
    pub touched: bool,
    /// Overlap of agent or walls with the T before the step, px. Contacts push overlapping bodies apart, which may
    /// occur at the start of an episode.
    pub overlap: f64,
}

impl Step {
    /// The part of the T's motion that a push cannot explain, px, in a step with contact.
    pub fn excess(&self) -> f64 {
        self.moved - self.explained()
    }

    fn explained(&self) -> f64 {
        GEAR * (self.path_length + self.overlap)
    }
}

/// Positions of agent and T in a frame, if they can be trusted.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Trusted {
    /// Position of the agent, board px.
    pub agent: Option<[f64; 2]>,
    /// Pose of the T.
    pub block: Option<Pose>,
}

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
    pub(crate) fn of(frames: &[FrameAudit]) -> Self {
        let seen = trusted(frames);
        let steps: Vec<_> = seen.windows(2).map(|pair| step(pair[0], pair[1])).collect();
        let alone = alone(&steps, &seen);
        Self { seen, steps, alone }
    }

    /// The T's path and the part of it that was pushed. Where T or agent cannot be trusted, the path counts in the
    /// segments `broken` (first and last frame) in which the T melts, is missing or in pieces, and is unknown
    /// elsewhere.
    pub(crate) fn motion(&self, broken: &[[usize; 2]]) -> Motion {
        let mut motion = Motion {
            path_length: 0.0,
            pushed: 0.0,
        };
        for step in (self.steps.iter().flatten()).filter(|s| s.touched && s.moved > STILL) {
            motion.path_length += step.moved;
            motion.pushed += step.moved.min(step.explained() + limits::EXCESS / 2.0);
        }
        motion.path_length += (self.alone.iter())
            .map(|r| r.moved)
            .filter(|&m| m > limits::MOTION_WITHOUT_CONTACT)
            .sum::<f64>();
        let melts = |t: usize| broken.iter().any(|&[from, to]| (from..=to).contains(&t));
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

fn step(before: Trusted, after: Trusted) -> Option<Step> {
    let (from, to) = (before.agent?, after.agent?);
    let (was, is) = (before.block?, after.block?);
    let nearest = (0..POINTS).map(|k| {
        let share = k as f64 / (POINTS - 1) as f64;
        let at = [0, 1].map(|i| from[i] + share * (to[i] - from[i]));
        distance(was, at).min(distance(is, at))
    });
    let walls = into_walls(was);
    let agent = (AGENT_RADIUS - to_block(to_body(was, from)).0).max(0.0);
    Some(Step {
        moved: moved(was, is),
        path_length: apart(from, to),
        touched: walls > IN_WALL || nearest.fold(f64::INFINITY, f64::min) <= AGENT_RADIUS + REACH,
        overlap: walls + agent,
    })
}

/// Depth of a T in the walls, px.
fn into_walls(pose: Pose) -> f64 {
    let corners = [bar_vertices(pose), stem_vertices(pose)];
    let (low, high) = (WALLS[0][1][0] + WALL_RADIUS, WALLS[2][0][0] - WALL_RADIUS);
    let beyond = |c: f64| (low - c).max(c - high);
    (corners.as_flattened().iter().flatten())
        .map(|&c| beyond(c))
        .fold(0.0, f64::max)
}

/// A run of steps in which the agent does not touch the T.
#[derive(Clone, Debug, PartialEq)]
pub struct Alone {
    /// Frames of the run, from its first to its last.
    pub frames: Range<usize>,
    /// Largest displacement of the T from its pose in the first frame, px.
    pub moved: f64,
    /// Largest displacement in one step, px, and the frame after that step.
    pub jump: (f64, usize),
}

/// Runs of steps without contact; `steps[t]` is from frame t to frame t + 1.
fn alone(steps: &[Option<Step>], seen: &[Trusted]) -> Vec<Alone> {
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
            let jump = (from..t).filter_map(|k| Some((steps[k]?.moved, k + 1)));
            let jump = jump.max_by(|a, b| a.0.total_cmp(&b.0)).unwrap_or((0.0, from));
            runs.push(Alone {
                frames: from..t + 1,
                moved: far,
                jump,
            });
        }
        from = t + 1;
    }
    runs
}

fn displacement(from: Option<[f64; 2]>, to: Option<[f64; 2]>) -> Option<[f64; 2]> {
    let (from, to) = (from?, to?);
    Some([to[0] - from[0], to[1] - from[1]])
}

/// Positions of agent and T in each frame, if they can be trusted.
fn trusted(frames: &[FrameAudit]) -> Vec<Trusted> {
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
