//! The agent along a path.

use pusht_env::{Action, AgentMotion};
use pusht_vision::CONTROL_STEP;

/// Side of the board, px.
const BOARD: f64 = 512.0;
/// Distance that the agent keeps from the board's border, px.
const MARGIN: f64 = 1.0;

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

    /// The action of a step, by the closed-form inverse of the control law: a = (p' − α p − β v) / γ. Neither the action
    /// nor the position p' that it leads to leaves the board, however fast the agent is.
    pub fn action(&self, step: usize, agent: AgentMotion) -> Action {
        let c = CONTROL_STEP;
        let target = |k: usize| {
            let free = c.alpha * agent.position[k] + c.beta * agent.velocity[k];
            let next = match self {
                Self::Through(positions) => positions[step][k],
                Self::Stop(_) => free + c.gamma * agent.position[k],
            };
            (next.clamp(MARGIN, BOARD - MARGIN) - free) / c.gamma
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
    fn actions_and_positions_stay_on_the_board() {
        let fast = AgentMotion {
            position: [3.0, 510.0],
            velocity: [-600.0, 600.0],
        };
        for route in [Route::Through(vec![[-90.0, 900.0]]), Route::Stop(1)] {
            let action = route.action(0, fast);
            let mut agent = fast;
            agent.step(action);
            let on_board = |x: f64| (0.0..=BOARD).contains(&x);
            assert!(action.iter().all(|&x| on_board(f64::from(x))), "{action:?}");
            assert!(agent.position.iter().all(|&x| on_board(x)), "{agent:?}");
        }
    }
}
