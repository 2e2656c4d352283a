//! Errors of the environment.

use crate::{Action, Pose, State};

/// Errors of an environment. The environment is unchanged after an error.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum EnvError {
    /// An action with a number that is not finite.
    #[error(
        "the action {action:?} is not finite; an action is a target position [x, y] in px, look for NaN in what computed it"
    )]
    Action {
        /// The action.
        action: Action,
    },
    /// A state with a number that is not finite.
    #[error("the state {state:?} is not finite; positions are in px, angles in rad")]
    State {
        /// The state.
        state: State,
    },
    /// A velocity with a number that is not finite.
    #[error("the agent's velocity {velocity:?} is not finite; velocities are in px/s")]
    Velocity {
        /// The velocity.
        velocity: [f64; 2],
    },
    /// A factor for impulses that is not a finite number of at least 0.
    #[error("the factor {factor} for the impulses of contacts is not a finite number of at least 0")]
    Impulse {
        /// The factor.
        factor: f64,
    },
    /// A goal pose with a number that is not finite.
    #[error("the goal pose {goal:?} is not finite; positions are in px, angles in rad")]
    Goal {
        /// The goal pose.
        goal: Pose,
    },
    /// A seed that the chosen generator does not accept.
    #[error("seed {seed} does not fit diffusion_policy's generator; use one below 4294967296, or gym-pusht's seeding")]
    Seed {
        /// The seed.
        seed: u64,
    },
}
