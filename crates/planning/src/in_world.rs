//! Plans tried in a world model.

use eval::{GoalDistance, GoalFrames, GoalView};
use pusht_data::{History, WorldModel, WorldModelError};
use pusht_env::{Action, Frame, GOAL, PolicyError, Pose, State};
use pusht_vision::{Tracked, Tracker, VisionError};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::error::PlanningError;
use crate::world::PlanningWorld;

/// Side of the frames, px.
const SIDE: u32 = 96;

/// How the frames that a world model predicts are compared with the goal's frame.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PictureCost {
    /// By what is seen in them: the T's pose as tracked in both, and the agent's position, which the control law gives for the
    /// predicted frames. The smallest [`GoalDistance::cost`] after any step.
    #[default]
    Pose,
    /// By their pixels: the smallest root mean square difference of a predicted frame from the goal's, levels of 255.
    Pixels,
}

/// A world model, which sees the episode's last two frames, the agent's motion (stable-worldmodel's proprio), and the goal's
/// frame; no states.
pub struct InWorldModel {
    model: Box<dyn WorldModel>,
    name: String,
    cost: PictureCost,
    tracker: Tracker,
    /// Hash of the model's file, for the record.
    sha256: Option<String>,
}

/// A plan that is being tried.
struct Trial {
    plan: usize,
    seen: Option<Tracked>,
    block: Pose,
}

impl InWorldModel {
    /// Plans in this model; `sha256` is the hash of its file, if it has one.
    ///
    /// # Errors
    /// Does not fail.
    pub fn new(model: Box<dyn WorldModel>, cost: PictureCost, sha256: Option<String>) -> Result<Self, PlanningError> {
        Ok(Self {
            name: model.name(),
            model,
            cost,
            tracker: Tracker::new(GOAL)?,
            sha256,
        })
    }

    fn failed(&self, reason: impl ToString) -> PolicyError {
        PolicyError::Failed {
            policy: self.name.clone(),
            reason: reason.to_string(),
        }
    }

    /// One step of every trial; those that the model refuses are dropped.
    fn step(
        &self,
        trials: &mut Vec<Trial>,
        histories: &mut Vec<History>,
        actions: &mut Vec<Action>,
    ) -> Result<(), PolicyError> {
        let next = loop {
            if trials.is_empty() {
                return Ok(());
            }
            match self.model.step(histories, actions) {
                Ok(next) => break next,
                Err(WorldModelError::Rollout { rollout, .. }) if rollout < trials.len() => {
                    trials.remove(rollout);
                    histories.remove(rollout);
                    actions.remove(rollout);
                }
                Err(error) => return Err(self.failed(error)),
            }
        };
        let wrong = next.iter().find(|frame| frame.dimensions() != (SIDE, SIDE));
        if next.len() != trials.len() || wrong.is_some() {
            let size = wrong.map_or((SIDE, SIDE), Frame::dimensions);
            return Err(self.failed(format!(
                "it returned {} frames of {size:?} px; expected {} of 96 × 96",
                next.len(),
                trials.len()
            )));
        }
        for ((history, &action), frame) in histories.iter_mut().zip(actions.iter()).zip(next) {
            history.advance(action, frame);
        }
        Ok(())
    }

    /// Distance of each trial from the goal.
    fn distances(&self, trials: &mut [Trial], histories: &[History], goal: &Seen<'_>) -> Result<Vec<f64>, VisionError> {
        let (tracker, cost) = (&self.tracker, self.cost);
        let pairs = trials.par_iter_mut().zip(histories);
        pairs
            .map(|(trial, history)| match cost {
                PictureCost::Pixels => Ok(difference(&history.current, goal.frame)),
                PictureCost::Pose => {
                    let seen = tracker.track_after(&history.current, trial.seen.as_ref())?;
                    // Where no T is seen, it counts as where it was.
                    trial.block = seen.block.unwrap_or(trial.block);
                    trial.seen = Some(seen);
                    let state = State {
                        agent: history.agent.position,
                        block: trial.block,
                    };
                    Ok(GoalDistance::between(state, goal.state).cost())
                }
            })
            .collect()
    }
}

/// The goal as a model sees it.
struct Seen<'a> {
    frame: &'a Frame,
    state: State,
}

/// Root mean square difference of two frames of the same size, levels of 255.
fn difference(a: &Frame, b: &Frame) -> f64 {
    let (a, b) = (a.as_raw(), b.as_raw());
    let squares = a.iter().zip(b).map(|(a, b)| u64::from(a.abs_diff(*b)).pow(2));
    (squares.sum::<u64>() as f64 / a.len().max(1) as f64).sqrt()
}

impl PlanningWorld for InWorldModel {
    fn name(&self) -> String {
        self.name.clone()
    }

    fn needs_frames(&self) -> bool {
        true
    }

    fn settings(&self) -> serde_json::Value {
        json!({ "cost": self.cost, "sha256": self.sha256 })
    }

    fn costs(&self, view: &GoalView<'_>, plans: &[Vec<Action>]) -> Result<Vec<f64>, PolicyError> {
        let Some(GoalFrames {
            previous,
            current,
            goal,
        }) = view.frames
        else {
            return Err(self.failed("it needs the frames of the episode"));
        };
        let now = self.tracker.track(current).map_err(|error| self.failed(error))?;
        let wanted = self.tracker.track(goal).map_err(|error| self.failed(error))?;
        let Some(state) = wanted.state().filter(|_| now.block.is_some()) else {
            let which = if wanted.state().is_none() { "goal's" } else { "current" };
            return Err(self.failed(format!(
                "agent or T is not seen in the {which} frame of episode {}; expected both on the board",
                view.episode
            )));
        };
        let goal = Seen { frame: goal, state };
        let start = History::in_motion(previous.clone(), current.clone(), view.agent());
        let mut histories = vec![start; plans.len()];
        let mut trials: Vec<Trial> = (0..plans.len())
            .map(|plan| Trial {
                plan,
                seen: Some(now),
                block: now.block.unwrap_or(state.block),
            })
            .collect();
        let mut costs = vec![f64::INFINITY; plans.len()];
        let steps = plans.iter().map(Vec::len).min().unwrap_or(0);
        for step in 0..steps {
            let mut actions: Vec<Action> = trials.iter().map(|trial| plans[trial.plan][step]).collect();
            self.step(&mut trials, &mut histories, &mut actions)?;
            let found = self.distances(&mut trials, &histories, &goal);
            for (trial, distance) in trials.iter().zip(found.map_err(|error| self.failed(error))?) {
                costs[trial.plan] = costs[trial.plan].min(distance);
            }
        }
        // A plan that the model refuses on the way is no plan.
        let mut whole = vec![false; plans.len()];
        trials.iter().for_each(|trial| whole[trial.plan] = true);
        for (cost, whole) in costs.iter_mut().zip(whole) {
            if !whole {
                *cost = f64::INFINITY;
            }
        }
        Ok(costs)
    }
}
