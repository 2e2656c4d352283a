//! How much of an agent's track no admissible action explains.

use crate::VisionError;
use crate::agent_control::{CONTROL_STEP, agent_step};
use crate::board::BOARD;
use crate::inverse::check;

/// For every position after the first, how far (px) an agent stays from it that starts at the first one at rest, and that is
/// told at each step to go where on the board brings it nearest to the next position.
///
/// Zero wherever some action on the board leads to the next position: an agent can go 214 px in a step, so a jump is only
/// found where it is longer or ends too near a wall. What it says is that the track can be *played*, not that it is a likely
/// one; for that there is [`SmoothedTrack::largest_jump`](crate::SmoothedTrack).
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
