//! What the environment refuses.

use crate::{Action, Pose, State};

/// Why the environment did not do what was asked. It is left as it was before the call.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum EnvError {
    /// An action that is no position.
    #[error(
        "the action {action:?} is not finite; an action is a target position [x, y] in px, look for NaN in what computed it"
    )]
    Action {
        /// As it was handed in.
        action: Action,
    },
    /// A state with a number that is not finite.
    #[error("the state {state:?} is not finite; positions are in px, angles in rad")]
    State {
        /// As it was handed in.
        state: State,
    },
    /// A velocity with a number that is not finite.
    #[error("the agent's velocity {velocity:?} is not finite; velocities are in px/s")]
    Velocity {
        /// As it was handed in.
        velocity: [f64; 2],
    },
    /// A goal pose with a number that is not finite.
    #[error("the goal pose {goal:?} is not finite; positions are in px, angles in rad")]
    Goal {
        /// As it was handed in.
        goal: Pose,
    },
    /// A seed that the chosen generator does not take.
    #[error("seed {seed} does not fit diffusion_policy's generator; use one below 4294967296, or gym-pusht's seeding")]
    Seed {
        /// As it was handed in.
        seed: u64,
    },
}
