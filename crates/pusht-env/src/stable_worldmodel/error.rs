//! Errors of this environment.

use pusht_physics::ShapeError;

use super::SwmState;

/// Errors of stable-worldmodel's PushT. The environment is unchanged after an error.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum SwmError {
    /// An action that is not finite, or so large that its float32 control law overflows.
    #[error(
        "the action {action:?} is not finite, or beyond 1e30 px; relative actions are in hundreds of px, absolute ones in px"
    )]
    Action {
        /// The action.
        action: [f64; 2],
    },
    /// A bin that a discrete action does not have.
    #[error("there is no discrete action {bins:?}; expected a radius bin and an angle bin, each 0 to 15")]
    Bins {
        /// Radius and angle bin.
        bins: [u8; 2],
    },
    /// A state with a number that is not finite.
    #[error("the state {state:?} is not finite; positions are in px, angles in rad, velocities in px/s")]
    State {
        /// The state.
        state: SwmState,
    },
    /// A value outside of a factor's range.
    #[error("the factor {name} cannot be {found}; expected {expected}")]
    OutOfRange {
        /// The factor.
        name: &'static str,
        /// The value.
        found: String,
        /// The range.
        expected: String,
    },
    /// A name that no factor and no group of factors has.
    #[error(
        "there is no factor {name:?}; factors are agent.angle, block.shape and so on, groups agent, block, goal, background, rendering, all"
    )]
    UnknownFactor {
        /// The name.
        name: String,
    },
    /// A number of a shape that does not exist.
    #[error("there is no shape {index}; expected 0 to 7 for o, L, T, Z, square, I, small_tee, +")]
    UnknownShape {
        /// The number.
        index: i64,
    },
    /// A damping or center of gravity that the physics refuses.
    #[error(transparent)]
    Physics(#[from] ShapeError),
}
