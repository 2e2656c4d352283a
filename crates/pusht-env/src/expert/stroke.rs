//! Strokes, the building blocks of the expert's plans: walk around the T to a place on its outline, push, come to rest.

use super::ExpertConfig;
use super::outline::{CORNERS, NORMALS, Placement, REACH, Reach};
use super::route::MARGIN;
use crate::{AGENT_RADIUS, Pose};
use pusht_physics::Vec2;

/// Distance from the surface at which a push begins, px.
pub(super) const RUN_UP: f64 = 12.0;

/// Steps for which the target rests at the end of a push, so that the agent arrives before it turns away.
const REST: u32 = 1;

/// One push at one place of the outline. The direction is fixed to the T, so it turns with the T during the push.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Stroke {
    /// Index into [`REACH`].
    pub place: usize,
    /// First contact point of the agent, px along the side.
    pub along: f64,
    /// Angle between the push and the inward normal, rad.
    pub tilt: f64,
    /// Change of the tilt over the push, rad per 100 px.
    pub bend: f64,
    /// Distance that the target travels from the start of the run-up, px.
    pub length: f64,
}

impl Stroke {
    pub fn reach(&self) -> Reach {
        REACH[self.place]
    }

    /// Direction of the push in body coordinates after `pushed` px.
    pub fn direction(&self, pushed: f64) -> Vec2 {
        let inward = -NORMALS[self.reach().side];
        let (s, c) = (self.tilt + self.bend * 0.01 * (pushed - RUN_UP).max(0.0)).sin_cos();
        Vec2::new(c * inward.x - s * inward.y, s * inward.x + c * inward.y)
    }

    /// Start of the run-up, in body coordinates.
    pub fn start(&self) -> Vec2 {
        let side = self.reach().side;
        let along = (CORNERS[(side + 1) % 8] - CORNERS[side]).normalize();
        CORNERS[side] + along * self.along + NORMALS[side] * AGENT_RADIUS - self.direction(0.0) * RUN_UP
    }
}

/// A stroke being carried out: yields one target position per step.
#[derive(Clone, Debug)]
pub(super) struct StrokeRun {
    stroke: Stroke,
    /// Points of the board still to be visited, in reverse order, each with the speed allowed there.
    path: Vec<(Vec2, f64)>,
    target: Vec2,
    speed: f64,
    pushed: f64,
    rests: u32,
}

impl StrokeRun {
    /// Starts a stroke. `path` leads from `target`, the last action, to the start of the stroke.
    pub fn new(stroke: Stroke, path: &[Vec2], target: Vec2, block: Placement, config: &ExpertConfig) -> Self {
        let push = block.turn(stroke.direction(0.0));
        let mut limited = Vec::with_capacity(path.len());
        for (i, &p) in path.iter().enumerate() {
            let before = if i == 0 { target } else { path[i - 1] };
            let next = path.get(i + 1).map_or(push, |&n| (n - p).normalize());
            let into = (p - before).normalize();
            // Slower the sharper the bend: full speed straight on, a third for a reversal.
            let ease = 0.5 * (1.0 + into.dot(next));
            limited.push((p, config.walk_speed * (0.35 + 0.65 * ease)));
        }
        limited.reverse();
        Self {
            stroke,
            path: limited,
            target,
            speed: 0.0,
            pushed: 0.0,
            rests: REST,
        }
    }

    /// The next action, `None` when the stroke is over. `block` is the current pose of the T.
    pub fn next(&mut self, block: Pose, config: &ExpertConfig) -> Option<Vec2> {
        let left = self.stroke.length - self.pushed;
        if self.path.is_empty() && left <= 0.0 {
            if self.rests == 0 {
                return None;
            }
            self.rests -= 1;
            return Some(self.target);
        }
        let mut step = self.allowed_speed(left, config);
        self.speed = step;
        while let Some(&(next, _)) = self.path.last() {
            let gap = next - self.target;
            let distance = gap.length();
            if distance > step {
                self.target = self.target + gap * (step / distance);
                return Some(self.target);
            }
            self.target = next;
            step -= distance;
            self.path.pop();
        }
        let step = step.min(left);
        let moved = self.target + Placement::of(block).turn(self.stroke.direction(self.pushed)) * step;
        self.pushed += step;
        self.target = Vec2::new(
            moved.x.clamp(MARGIN, 512.0 - MARGIN),
            moved.y.clamp(MARGIN, 512.0 - MARGIN),
        );
        Some(self.target)
    }

    /// The largest speed from which every later limit can still be met.
    fn allowed_speed(&self, left: f64, config: &ExpertConfig) -> f64 {
        let slowing = 2.0 * config.acceleration;
        let mut speed = self.speed + config.acceleration;
        let mut ahead = 0.0;
        let mut from = self.target;
        for &(p, limit) in self.path.iter().rev() {
            ahead += (p - from).length();
            from = p;
            speed = speed.min((limit * limit + slowing * ahead).sqrt());
        }
        let cruise = if self.path.is_empty() {
            config.push_speed
        } else {
            config.walk_speed
        };
        let end = (1.0 + slowing * (ahead + left)).sqrt();
        speed.min(cruise).min(end).max(1.0)
    }
}
