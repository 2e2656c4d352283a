//! The agent along a path.

use pusht_env::{Action, AgentMotion};
use pusht_vision::CONTROL_STEP;

/// Side of the board, px; targets beyond it are moved to its border.
const BOARD: f64 = 512.0;

/// What the agent does in a segment.
#[derive(Clone, Debug, PartialEq)]
pub enum Route {
    /// It passes these positions.
    Through(Vec<[f64; 2]>),
    /// It stops where it is, within this number of steps.
    Stop(usize),
}

impl Route {
    /// Steps of the segment.
    pub fn len(&self) -> usize {
        match self {
            Self::Through(positions) => positions.len(),
            Self::Stop(steps) => *steps,
        }
    }

    /// The action of a step, by the closed-form inverse of the control law: a = (p' − α p − β v) / γ.
    pub fn action(&self, step: usize, agent: AgentMotion) -> Action {
        let c = CONTROL_STEP;
        let target = |k: usize| match self {
            Self::Through(positions) => {
                (positions[step][k] - c.alpha * agent.position[k] - c.beta * agent.velocity[k]) / c.gamma
            }
            Self::Stop(_) => agent.position[k],
        };
        [target(0), target(1)].map(|x| x.clamp(0.0, BOARD) as f32)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_agent_passes_the_positions_of_its_route() {
        let route = Route::Through(vec![[101.0, 203.0], [106.0, 204.0], [108.0, 202.0]]);
        let mut agent = AgentMotion::at_rest([100.0, 200.0]);
        for step in 0..route.len() {
            agent.step(route.action(step, agent));
            let Route::Through(positions) = &route else {
                unreachable!()
            };
            for k in 0..2 {
                assert!((agent.position[k] - positions[step][k]).abs() < 1e-3);
            }
        }
    }

    #[test]
    fn targets_stay_on_the_board() {
        let route = Route::Through(vec![[900.0, -50.0]]);
        assert_eq!(route.action(0, AgentMotion::at_rest([500.0, 20.0])), [512.0, 0.0]);
    }
}
