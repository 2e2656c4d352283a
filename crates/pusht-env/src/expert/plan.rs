//! Cost of a plan: the steps it takes, and an estimate of the steps that remain after it.

use std::f64::consts::{PI, TAU};

use super::ExpertConfig;
use super::outline::Placement;
use super::route::Router;
use super::stroke::{Stroke, StrokeRun};
use crate::coverage::SUCCESS_COVERAGE;
use crate::{Action, EnvError, Pose, PushT};
use pusht_physics::Vec2;

/// The T turns about its center of gravity; body coordinates.
const CENTER: Vec2 = Vec2::new(0.0, 45.0);

/// Distance that one radian of turning is worth, px/rad: about the T's radius of gyration, √3000 = 55 px.
const TURN: f64 = 60.0;

/// Distance between two poses of the T, px: the distance of the centers of gravity plus the turn times [`TURN`]. Unlike
/// the distance of corners it keeps growing up to half a turn.
pub(super) fn pose_distance(from: Pose, to: Pose) -> f64 {
    let path = Placement::of(from).to_board(CENTER) - Placement::of(to).to_board(CENTER);
    let turn = (from.angle - to.angle + PI).rem_euclid(TAU) - PI;
    (path.length_sq() + (TURN * turn).powi(2)).sqrt()
}

/// Estimated number of steps to success from a distance: the distance itself, and strokes that each divide the
/// distance.
pub(super) fn steps_to_go(distance: f64) -> f64 {
    2.0 + 10.0 * (1.0 + distance / 1.5).ln() + 0.4 * distance
}

/// An environment at one point of a plan, and the agent's last target in it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Moment {
    pub env: PushT,
    pub target: Vec2,
    pub steps: u32,
}

impl Moment {
    /// The start of an episode.
    pub fn new(env: PushT) -> Self {
        Self {
            env,
            target: Vec2::from(env.state().agent),
            steps: 0,
        }
    }

    pub fn is_success(&self) -> bool {
        self.env.coverage() > SUCCESS_COVERAGE
    }

    pub fn distance(&self) -> f64 {
        pose_distance(self.env.state().block, self.env.goal())
    }

    /// Steps taken plus estimated steps to go.
    pub fn cost(&self) -> f64 {
        f64::from(self.steps)
            + if self.is_success() {
                0.0
            } else {
                steps_to_go(self.distance())
            }
    }

    /// The target as an action.
    pub fn action(&self) -> Action {
        [self.target.x as f32, self.target.y as f32]
    }

    /// Steps once toward `target`.
    pub fn advance(&mut self, target: Vec2) -> Result<(), EnvError> {
        self.target = target;
        self.env.step(self.action())?;
        self.steps += 1;
        Ok(())
    }

    /// Starts a stroke from here; `None` if no path leads to its start.
    pub fn begin(&self, stroke: Stroke, router: &Router, config: &ExpertConfig) -> Option<StrokeRun> {
        let block = Placement::of(self.env.state().block);
        let path = router.ways_from(self.target, block).to(stroke.start())?;
        Some(StrokeRun::new(stroke, &path, self.target, block, config))
    }

    /// Carries out `strokes` until they or the episode end; `None` if one of them cannot be started or `limit` steps
    /// are not enough.
    pub fn after(mut self, strokes: &[Stroke], router: &Router, config: &ExpertConfig, limit: u32) -> Option<Self> {
        for &stroke in strokes {
            let mut run = self.begin(stroke, router, config)?;
            while let Some(target) = run.next(self.env.state().block, config) {
                self.advance(target).ok()?;
                if self.is_success() {
                    return Some(self);
                }
                if self.steps > limit {
                    return None;
                }
            }
        }
        Some(self)
    }
}
