//! Model predictive control by the cross-entropy method.

use std::collections::{BTreeMap, VecDeque};

use eval::{GoalEffort, GoalPolicy, GoalView};
use pusht_env::{Action, PolicyError};
use rand::SeedableRng;
use rand_pcg::Pcg64;
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::cross_entropy::{CrossEntropy, LowestCost};
use crate::error::{PlanningError, check};
use crate::waypoints::Waypoints;
use crate::world::PlanningWorld;

/// Settings of [`SearchPolicy`].
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SearchSettings {
    /// The search.
    pub search: CrossEntropy,
    /// Searches for one plan: while the best plan is not good enough, another one begins anew.
    pub attempts: usize,
    /// Steps of a plan; fewer where fewer are left.
    pub horizon: usize,
    /// Steps between the waypoints of a plan.
    pub waypoint_every: usize,
    /// Standard deviation of the waypoints in the first round, px per axis.
    pub spread: f64,
    /// Steps of a plan that are played before the next one is made.
    pub play: usize,
}

impl SearchSettings {
    /// For the exact simulator: as many samples and rounds as stable-worldmodel has.
    pub const SIMULATOR: Self = Self {
        search: CrossEntropy {
            samples: 300,
            rounds: 30,
            elites: 30,
            enough: 1.0,
        },
        attempts: 3,
        horizon: 30,
        waypoint_every: 5,
        spread: 60.0,
        play: 25,
    };

    /// For learned worlds, whose steps take milliseconds.
    pub const LEARNED: Self = Self {
        search: CrossEntropy {
            samples: 64,
            rounds: 4,
            elites: 8,
            enough: 0.4,
        },
        attempts: 1,
        horizon: 25,
        waypoint_every: 5,
        spread: 60.0,
        play: 10,
    };

    /// Checks the settings.
    ///
    /// # Errors
    /// Those of [`CrossEntropy::check`]; no attempts, steps or waypoints; a spread that is not positive.
    pub fn check(&self) -> Result<(), PlanningError> {
        self.search.check()?;
        check("the number of attempts", self.attempts, 1..=1000, "1 to 1000")?;
        check("the horizon", self.horizon, 1..=1000, "1 to 1000 steps")?;
        check(
            "the number of steps between waypoints",
            self.waypoint_every,
            1..=1000,
            "1 to 1000",
        )?;
        check("the number of steps played", self.play, 1..=1000, "1 to 1000")?;
        if !(self.spread.is_finite() && self.spread > 0.0) {
            return Err(PlanningError::Setting {
                setting: "the spread of waypoints",
                value: self.spread,
                expected: "px above 0",
            });
        }
        Ok(())
    }
}

/// Searches action sequences in a world, plays the first steps of the best one, and searches again (model predictive
/// control).
///
/// A plan is a path of targets over a few waypoints. The first search begins around the straight path to where the agent is to
/// be, later ones around the rest of the plan before. Repeatable whatever the number of threads.
pub struct SearchPolicy<W> {
    world: W,
    settings: SearchSettings,
    seed: u64,
    plans: BTreeMap<usize, Plan>,
    effort: GoalEffort,
}

/// The plan of an episode.
#[derive(Clone, Debug, Default)]
struct Plan {
    /// Targets to play.
    queue: VecDeque<Action>,
    /// The rest of the plan after those.
    rest: Vec<Action>,
    /// Number of plans so far.
    made: usize,
}

impl<W: PlanningWorld> SearchPolicy<W> {
    /// A policy that searches in `world`; `seed` is that of all its draws.
    ///
    /// # Errors
    /// Those of [`SearchSettings::check`].
    pub fn new(world: W, settings: SearchSettings, seed: u64) -> Result<Self, PlanningError> {
        settings.check()?;
        Ok(Self {
            world,
            settings,
            seed,
            plans: BTreeMap::new(),
            effort: GoalEffort::default(),
        })
    }

    /// Makes the next plan of an episode.
    fn decide(&self, view: &GoalView<'_>, before: &Plan) -> Result<Option<Vec<Action>>, PolicyError> {
        let settings = &self.settings;
        let code = Waypoints::new(settings.horizon.min(view.left), settings.waypoint_every);
        let (agent, there) = (view.agent().position, view.goal().agent);
        let mut best: Option<LowestCost> = None;
        for attempt in 0..settings.attempts {
            let mean = if before.rest.is_empty() || attempt > 0 {
                code.straight(agent, there)
            } else {
                code.along(&before.rest, there)
            };
            let mut rng = generator([self.seed, view.episode as u64, before.made as u64, attempt as u64]);
            let found = settings.search.minimize(&mean, settings.spread, &mut rng, |samples| {
                let plans: Vec<Vec<Action>> = samples.iter().map(|waypoints| code.actions(agent, waypoints)).collect();
                let costs = self.world.costs(view, &plans)?;
                if costs.len() == plans.len() {
                    return Ok(costs);
                }
                Err(PolicyError::Failed {
                    policy: self.name(),
                    reason: format!("{} costs came back for {} plans", costs.len(), plans.len()),
                })
            })?;
            if best.as_ref().is_none_or(|best| found.cost < best.cost) {
                best = Some(found);
            }
            if best.as_ref().is_some_and(|best| best.cost < settings.search.enough) {
                break;
            }
        }
        let best = best.filter(|best| best.cost.is_finite());
        Ok(best.map(|best| code.actions(agent, &best.numbers)))
    }
}

/// A generator of its own for these numbers.
fn generator(numbers: [u64; 4]) -> Pcg64 {
    let mut seed = [0; 32];
    for (bytes, number) in seed.chunks_exact_mut(8).zip(numbers) {
        bytes.copy_from_slice(&number.to_le_bytes());
    }
    Pcg64::from_seed(seed)
}

impl<W: PlanningWorld> GoalPolicy for SearchPolicy<W> {
    fn name(&self) -> String {
        format!("search in the {}", self.world.name())
    }

    fn settings(&self) -> serde_json::Value {
        json!({
            "planner": "cross-entropy method",
            "search": self.settings,
            "world": self.world.settings(),
            "seed": self.seed,
        })
    }

    fn needs_frames(&self) -> bool {
        self.world.needs_frames()
    }

    /// One, as the search itself runs on all threads.
    fn together(&self) -> usize {
        1
    }

    fn act(&mut self, views: &[GoalView<'_>], out: &mut [Action]) -> Result<(), PolicyError> {
        for (view, action) in views.iter().zip(out) {
            let mut plan = self.plans.remove(&view.episode).unwrap_or_default();
            if view.step == 0 {
                plan = Plan::default();
            }
            if plan.queue.is_empty() {
                self.effort.decisions += 1;
                let mut actions = self.decide(view, &plan)?.unwrap_or_else(|| {
                    self.effort.without_plan += 1;
                    vec![view.agent().position.map(|x| x as f32); self.settings.play.min(view.left)]
                });
                plan.made += 1;
                plan.rest = actions.split_off(self.settings.play.min(actions.len()));
                plan.queue = actions.into();
            }
            if let Some(next) = plan.queue.pop_front() {
                *action = next;
            }
            self.plans.insert(view.episode, plan);
        }
        Ok(())
    }

    fn effort(&self) -> GoalEffort {
        self.effort
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_out_of_range_are_refused_by_name() {
        for (settings, said) in [
            (
                SearchSettings {
                    horizon: 0,
                    ..SearchSettings::SIMULATOR
                },
                "the horizon is 0",
            ),
            (
                SearchSettings {
                    spread: f64::NAN,
                    ..SearchSettings::SIMULATOR
                },
                "the spread of waypoints is NaN",
            ),
            (
                SearchSettings {
                    play: 0,
                    ..SearchSettings::LEARNED
                },
                "steps played is 0",
            ),
        ] {
            let error = settings.check().unwrap_err().to_string();
            assert!(error.contains(said), "{error}");
        }
        assert!(SearchSettings::SIMULATOR.check().is_ok() && SearchSettings::LEARNED.check().is_ok());
    }
}
