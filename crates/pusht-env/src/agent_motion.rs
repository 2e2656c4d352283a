//! The agent's motion without a board.

use pusht_physics::{Agent, SUBSTEPS};

use crate::Action;

/// Position and velocity of the agent. Its next ones follow from them and the action alone: the agent's mass is infinite
/// in the references, so neither the T nor a wall deflects it.
///
/// # Example
///
/// ```
/// use pusht_env::{AgentMotion, EnvConfig, PushT};
///
/// let mut env = PushT::new(EnvConfig::default())?;
/// let start = env.reset(0)?;
/// let mut motion = AgentMotion::at_rest(start.agent);
/// env.step([256.0, 256.0])?;
/// motion.step([256.0, 256.0]);
/// assert_eq!(motion.position, env.state().agent);
/// # Ok::<(), pusht_env::EnvError>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct AgentMotion {
    /// Center, px of the 512 board.
    pub position: [f64; 2],
    /// Velocity, px/s.
    pub velocity: [f64; 2],
}

impl AgentMotion {
    /// An agent that rests at `position`.
    pub fn at_rest(position: [f64; 2]) -> Self {
        Self {
            position,
            velocity: [0.0; 2],
        }
    }

    /// Moves for one step (0.1 s) toward the target, by the references' PD control law.
    pub fn step(&mut self, target: Action) {
        let mut agent = Agent {
            position: self.position.into(),
            velocity: self.velocity.into(),
        };
        let target = target.map(f64::from).into();
        for _ in 0..SUBSTEPS {
            agent.steer(target);
            agent.integrate();
        }
        self.position = agent.position.array();
        self.velocity = agent.velocity.array();
    }
}
