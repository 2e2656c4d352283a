//! The expert: a demonstrator that plans with the simulator itself.
//!
//! It thinks in *strokes*: walk around the T to a place on its outline, push in a direction, come to rest. A beam search
//! over sequences of up to three strokes (`search`) finds what to do, the cross-entropy method (`refine`) where exactly
//! to push and how far; every candidate is simulated by the environment that the actions are meant for. It carries out
//! the first stroke of the best plan and plans again. `docs/expert.md` has the formulas and what it scores.

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

/// Distance between the agent's center and the T while it walks around it, px: its radius and 8 px.
const CLEARANCE: f64 = crate::AGENT_RADIUS + 8.0;

/// A planner for PushT: deterministic, the same on any number of threads.
#[derive(Clone, Debug)]
pub struct Expert {
    config: ExpertConfig,
    router: Router,
}

/// One episode of the expert.
#[derive(Clone, Debug, PartialEq)]
pub struct Demonstration {
    /// The start seed, as handed to [`PushT::reset`]; `None` when it did not begin with a seed.
    pub seed: Option<u64>,
    /// One action a step.
    pub actions: Vec<Action>,
    /// The start and the state after each action: one more than actions.
    pub states: Vec<State>,
    /// Reward of each step.
    pub rewards: Vec<f64>,
    /// Whether the last step ended in success.
    pub success: bool,
}

impl Demonstration {
    /// The largest reward, 0 for no steps: diffusion_policy's score of an episode.
    pub fn max_reward(&self) -> f64 {
        self.rewards.iter().copied().fold(0.0, f64::max)
    }
}

impl Expert {
    /// An expert that moves as `config` says.
    ///
    /// # Errors
    /// A speed or an acceleration outside of its range.
    pub fn new(config: ExpertConfig) -> Result<Self, ExpertError> {
        config.check()?;
        Ok(Self {
            config,
            router: Router::new(CLEARANCE),
        })
    }

    /// How it moves.
    pub const fn config(&self) -> &ExpertConfig {
        &self.config
    }

    /// The episode of `seed` in an environment of this kind, until success or for `max_steps` steps. It replays bit for
    /// bit: the same environment, reset with the same seed and handed the actions, goes through the same states.
    ///
    /// # Errors
    /// A goal or a seed that the environment does not take.
    pub fn demonstrate(&self, env: EnvConfig, seed: u64, max_steps: usize) -> Result<Demonstration, EnvError> {
        let mut env = PushT::new(env)?;
        env.reset(seed)?;
        let demonstration = self.demonstrate_from(env, max_steps)?;
        Ok(Demonstration {
            seed: Some(seed),
            ..demonstration
        })
    }

    /// The same from where `env` is.
    ///
    /// # Errors
    /// None that a finite environment can cause.
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
