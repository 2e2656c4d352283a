//! The part of an agent's track that no admissible action explains.

use crate::VisionError;
use crate::agent_control::{CONTROL_STEP, agent_step};
use crate::board::BOARD;
use crate::inverse::check;

/// For every position after the first, its distance (px) from an agent that starts at rest at the first position and at
/// each step takes the action on the board that brings it nearest to the next position.
///
/// It is zero wherever some action on the board leads to the next position. An agent can move 214 px in one step, so a
/// jump is only found if it is longer or ends too near a wall. The residual measures whether the track can be
/// *executed*, not whether it is likely; for the latter see [`SmoothedTrack::largest_jump`](crate::SmoothedTrack).
///
/// # Errors
/// Fewer than two positions, or one that is not finite.
pub fn executability_residual(track: &[[f64; 2]]) -> Result<Vec<f64>, VisionError> {
    check(track)?;
    let c = CONTROL_STEP;
    let (mut p, mut v) = (track[0], [0.0; 2]);
    let step = |next: &[f64; 2]| {
        let action = [0, 1].map(|axis| {
            let exact = (next[axis] - c.alpha * p[axis] - c.beta * v[axis]) / c.gamma;
            exact.clamp(0.0, BOARD)
        });
        (p, v) = agent_step(p, v, action);
        (p[0] - next[0]).hypot(p[1] - next[1])
    };
    Ok(track[1..].iter().map(step).collect())
}
