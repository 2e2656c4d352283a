//! Plans tried in the exact simulator.

use eval::{GoalDistance, GoalView};
use pusht_env::{Action, EnvError, PolicyError};
use rayon::prelude::*;

use crate::world::PlanningWorld;

/// The exact simulator, continued from the episode's own with all its contacts: what planning could reach in a perfect model
/// of states. The cost of a plan is the smallest [`GoalDistance::cost`] after any of its steps.
#[derive(Clone, Copy, Debug, Default)]
pub struct InSimulator;

impl PlanningWorld for InSimulator {
    fn name(&self) -> String {
        "exact simulator".to_owned()
    }

    fn needs_frames(&self) -> bool {
        false
    }

    fn costs(&self, view: &GoalView<'_>, plans: &[Vec<Action>]) -> Result<Vec<f64>, PolicyError> {
        let goal = view.goal();
        let cost = |plan: &Vec<Action>| -> Result<f64, EnvError> {
            let mut env = *view.env;
            let mut least = f64::INFINITY;
            for &action in plan {
                env.step(action)?;
                least = least.min(GoalDistance::between(env.state(), goal).cost());
            }
            Ok(least)
        };
        let costs: Result<Vec<f64>, EnvError> = plans.par_iter().map(cost).collect();
        costs.map_err(|error| PolicyError::Failed {
            policy: self.name(),
            reason: error.to_string(),
        })
    }
}
