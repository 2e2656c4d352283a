//! The expert as a [`Policy`]: the upper reference in a table of rollouts.

use std::collections::BTreeMap;
use std::f64::consts::{PI, TAU};

use rayon::prelude::*;

use super::planner_state::PlannerState;
use super::{Expert, ExpertConfig, ExpertError};
use crate::{
    Action, EnvConfig, EnvError, Modality, ObsBatch, ObsSpec, Observation, Policy, PolicyError, Pose, PushT, State,
};

/// Largest difference between simulated and observed state that counts as rounding, px and rad.
const ROUNDING: f64 = 1e-6;

/// Largest distance between the simulated and the observed agent, px; beyond it a new episode has begun.
const ELSEWHERE: f64 = 30.0;

/// A policy that plans from observed states, with a simulator for each environment. Environments are independent of
/// each other and of the number of threads.
#[derive(Clone, Debug)]
pub struct ExpertPolicy {
    expert: Expert,
    planners: BTreeMap<usize, PlannerState>,
}

impl ExpertPolicy {
    /// A policy with the settings of `config`.
    ///
    /// # Errors
    /// A speed or an acceleration outside its range.
    pub fn new(config: ExpertConfig) -> Result<Self, ExpertError> {
        Ok(Self {
            expert: Expert::new(config)?,
            planners: BTreeMap::new(),
        })
    }

    fn failed(reason: String) -> PolicyError {
        PolicyError::Failed {
            policy: "expert".to_owned(),
            reason,
        }
    }
}

impl Policy for ExpertPolicy {
    fn name(&self) -> String {
        "expert".to_owned()
    }

    fn needs(&self) -> ObsSpec {
        ObsSpec {
            modality: Modality::State,
            history: 1,
        }
    }

    fn reset(&mut self, envs: &[usize]) {
        for env in envs {
            self.planners.remove(env);
        }
    }

    fn act(&mut self, obs: &ObsBatch<'_>, out: &mut [Action]) -> Result<(), PolicyError> {
        let n = obs.envs.len();
        if obs.observations.len() != n || obs.goals.len() != n || out.len() != n {
            return Err(Self::failed(format!(
                "a batch of {n} environments came with {} observations, {} goals and room for {} actions; hand in one \
                 of each for every environment",
                obs.observations.len(),
                obs.goals.len(),
                out.len()
            )));
        }
        let states = obs
            .observations
            .iter()
            .map(|history| observed(history))
            .collect::<Result<Vec<_>, _>>()?;
        let mut planners: Vec<Option<PlannerState>> = obs.envs.iter().map(|env| self.planners.remove(env)).collect();
        let expert = &self.expert;
        let result = planners
            .par_iter_mut()
            .zip(&states)
            .zip(obs.goals)
            .zip(out)
            .try_for_each(|(((planner, &state), &goal), action)| {
                *action = act_in(planner, state, goal, expert)?;
                Ok(())
            })
            .map_err(|error: EnvError| Self::failed(error.to_string()));
        let known = obs
            .envs
            .iter()
            .zip(planners)
            .filter_map(|(&env, planner)| Some((env, planner?)));
        self.planners.extend(known);
        result
    }
}

fn act_in(
    planner: &mut Option<PlannerState>,
    observed: State,
    goal: Pose,
    expert: &Expert,
) -> Result<Action, EnvError> {
    if let Some(known) = planner.as_mut().filter(|planner| planner.is_about(observed, goal)) {
        if !known.expects(observed) {
            known.correct(observed)?;
        }
        return known.act(expert);
    }
    let mut env = PushT::new(EnvConfig::gym_pusht().with_goal(goal).with_max_steps(None))?;
    env.set_state(observed)?;
    planner.insert(PlannerState::new(env)).act(expert)
}

impl PlannerState {
    /// Whether `observed` is a state of the episode that this planner follows.
    fn is_about(&self, observed: State, goal: Pose) -> bool {
        let agent = self.believed().agent;
        self.goal() == goal && (agent[0] - observed.agent[0]).hypot(agent[1] - observed.agent[1]) < ELSEWHERE
    }

    /// Whether `observed` is what the simulator predicted.
    fn expects(&self, observed: State) -> bool {
        let believed = self.believed().to_row();
        let mut difference: [f64; 5] = std::array::from_fn(|i| believed[i] - observed.to_row()[i]);
        // Observed angles are wrapped.
        difference[4] = (difference[4] + PI).rem_euclid(TAU) - PI;
        difference.iter().all(|d| d.abs() < ROUNDING)
    }
}

fn observed(history: &[Observation]) -> Result<State, PolicyError> {
    let found = match history.last() {
        Some(&Observation::State(row)) => return Ok(State::from_row(row)),
        Some(Observation::Keypoints { .. }) => "keypoints",
        Some(Observation::Pixels(_)) => "pixels",
        Some(Observation::PixelsAgentPos { .. }) => "pixels with the agent position",
        None => "nothing",
    };
    Err(PolicyError::WrongObservation {
        expected: Modality::State,
        found,
    })
}
