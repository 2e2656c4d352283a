//! The agent's motion in a row of a recording.

use pusht_env::{Action, AgentMotion};
use pusht_vision::CONTROL_STEP;

/// Motion of the agent at `row` of a recording: its recorded position, and the velocity that the control law gives it
/// after the step before. `positions` (px) and `actions` are those of the whole episode, one per row.
///
/// The control law is linear, so that the position after a step, `p' = α p + β v + γ a`, gives the velocity `v` before it
/// and from that the one after it, `v' = κ (a − p) + λ v`. An error of 1 px in `p'` changes `v'` by 0.2 px/s, one in
/// `p` by 3.6 px/s, which moves the agent by 0.1 px in the next step. At row 0
/// nothing is known of a step before, and the agent is taken to rest, as after every reset.
///
/// A row outside of the recording counts as row 0 at the origin.
///
/// # Example
///
/// ```
/// use pusht_env::AgentMotion;
/// use world_eval::agent_motion_at;
///
/// let actions = [[300.0, 200.0], [320.0, 210.0], [350.0, 220.0]];
/// let mut motion = AgentMotion::at_rest([250.0, 250.0]);
/// let mut positions = vec![motion.position];
/// for action in &actions[..2] {
///     motion.step(*action);
///     positions.push(motion.position);
/// }
/// let found = agent_motion_at(&positions, &actions, 2);
/// assert!((found.velocity[0] - motion.velocity[0]).abs() < 1e-9);
/// ```
pub fn agent_motion_at(positions: &[[f64; 2]], actions: &[Action], row: usize) -> AgentMotion {
    let now = positions.get(row).copied().unwrap_or_default();
    let before = row
        .checked_sub(1)
        .and_then(|row| Some((positions.get(row)?, actions.get(row)?)));
    let Some((before, action)) = before else {
        return AgentMotion::at_rest(now);
    };
    let c = CONTROL_STEP;
    let velocity = [0, 1].map(|axis| {
        let (p, a) = (before[axis], f64::from(action[axis]));
        let v = (now[axis] - c.alpha * p - c.gamma * a) / c.beta;
        c.kappa * (a - p) + c.lambda * v
    });
    AgentMotion {
        position: now,
        velocity,
    }
}
