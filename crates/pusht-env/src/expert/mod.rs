//! The expert: a demonstrator that plans with the simulator itself.
//!
//! It plans in *strokes*: walk around the T to a place on its outline, push in a direction, come to rest. A beam search
//! over sequences of up to three strokes (`search`) finds what to do, the cross-entropy method (`refine`) where exactly
//! to push and how far; every candidate is simulated by the environment that the actions are meant for. The expert
//! carries out the first stroke of the best plan and plans again. `docs/expert.md` has the formulas and the scores.

mod config;
mod outline;
mod plan;
mod planner_state;
mod policy;
mod refine;
mod route;
mod search;
mod stroke;

pub use config::{ExpertConfig, ExpertError};
pub use policy::ExpertPolicy;

use crate::{Action, EnvConfig, EnvError, PushT, State};
use planner_state::PlannerState;
use route::Router;

/// Distance that the agent's center keeps from the T while walking around it, px: the agent's radius plus 8 px.
const CLEARANCE: f64 = crate::AGENT_RADIUS + 8.0;

/// A planner for PushT. It is deterministic: the result does not depend on the number of threads.
#[derive(Clone, Debug)]
pub struct Expert {
    config: ExpertConfig,
    router: Router,
}

/// One episode played by the expert.
#[derive(Clone, Debug, PartialEq)]
pub struct Demonstration {
    /// The start seed, as passed to [`PushT::reset`]; `None` if the episode did not start from a seed.
    pub seed: Option<u64>,
    /// One action per step.
    pub actions: Vec<Action>,
    /// The start state and the state after each action: one more than actions.
    pub states: Vec<State>,
    /// Reward of each step.
    pub rewards: Vec<f64>,
    /// Whether the last step ended in success.
    pub success: bool,
}

impl Demonstration {
    /// The largest reward, 0 for an empty episode: diffusion_policy's score of an episode.
    pub fn max_reward(&self) -> f64 {
        self.rewards.iter().copied().fold(0.0, f64::max)
    }
}

impl Expert {
    /// An expert with the settings of `config`.
    ///
    /// # Errors
    /// A speed or an acceleration outside its range.
    pub fn new(config: ExpertConfig) -> Result<Self, ExpertError> {
        config.check()?;
        Ok(Self {
            config,
            router: Router::new(CLEARANCE),
        })
    }

    /// The settings.
    pub const fn config(&self) -> &ExpertConfig {
        &self.config
    }

    /// Plays the episode of `seed` in an environment with these settings, until success or for `max_steps` steps. It
    /// replays bit for bit: the same environment, reset with the same seed and given the same actions, passes through
    /// the same states.
    ///
    /// # Errors
    /// A goal or a seed that the environment does not accept.
    pub fn demonstrate(&self, env: EnvConfig, seed: u64, max_steps: usize) -> Result<Demonstration, EnvError> {
        let mut env = PushT::new(env)?;
        env.reset(seed)?;
        let demonstration = self.demonstrate_from(env, max_steps)?;
        Ok(Demonstration {
            seed: Some(seed),
            ..demonstration
        })
    }

    /// Plays an episode like [`Self::demonstrate`], from the current state of `env`.
    ///
    /// # Errors
    /// None with a finite environment.
    pub fn demonstrate_from(&self, mut env: PushT, max_steps: usize) -> Result<Demonstration, EnvError> {
        let mut demonstration = Demonstration {
            seed: None,
            actions: Vec::new(),
            states: vec![env.state()],
            rewards: Vec::new(),
            success: false,
        };
        let mut planner = PlannerState::new(env);
        while demonstration.actions.len() < max_steps && !demonstration.success {
            let action = planner.act(self)?;
            let step = env.step(action)?;
            demonstration.actions.push(action);
            demonstration.states.push(env.state());
            demonstration.rewards.push(step.reward);
            demonstration.success = step.terminated;
        }
        Ok(demonstration)
    }
}
