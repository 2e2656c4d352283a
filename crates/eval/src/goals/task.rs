//! One start with its goal, and the rule of success.

use pusht_env::{Action, State};

use super::protocol::GoalRow;

/// Distance of agent and T together at which a goal is reached, px, and difference of the T's angle, rad.
pub(super) const REACHED: (f64, f64) = (20.0, std::f64::consts::PI / 9.0);

/// A start and its goal, of a demonstration.
#[derive(Clone, Debug, PartialEq)]
pub struct GoalTask {
    /// The row of the start.
    pub start: GoalRow,
    /// The state there.
    pub state: State,
    /// Velocity of the agent there, px/s.
    pub velocity: [f64; 2],
    /// The state one row before; in the first row of a demonstration that row's own.
    pub before: State,
    /// The state to reach, the agent included.
    pub goal: State,
    /// The demonstration's actions from start to goal, px.
    pub demonstrated: Vec<Action>,
}

/// Distance of a state from a goal, by the measures of stable-worldmodel's success.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct GoalDistance {
    /// Euclidean distance of the agent's and the T's positions together, as one point of four dimensions, px.
    pub position: f64,
    /// Difference of the T's angle, modulo a turn, rad.
    pub angle: f64,
}

impl GoalDistance {
    /// The distance of `state` from `goal`.
    pub fn between(state: State, goal: State) -> Self {
        const TURN: f64 = 2.0 * std::f64::consts::PI;
        let (a, b) = (state.to_row(), goal.to_row());
        let angle = (b[4] - a[4]).abs() % TURN;
        Self {
            position: (0..4).map(|i| (b[i] - a[i]).powi(2)).sum::<f64>().sqrt(),
            angle: angle.min(TURN - angle),
        }
    }

    /// Whether the goal is reached: below 20 px and π/9.
    pub fn is_reached(self) -> bool {
        self.position < REACHED.0 && self.angle < REACHED.1
    }

    /// Both as one number, for planners: the root of the squares of position and angle, each as a multiple of what is allowed.
    /// Below 1 the goal is reached.
    pub fn cost(self) -> f64 {
        (self.position / REACHED.0).hypot(self.angle / REACHED.1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use pusht_env::Pose;
    use pusht_env::stable_worldmodel::SwmState;

    #[test]
    fn success_is_that_of_stable_worldmodel() {
        let state = |agent, block: [f64; 3]| State {
            agent,
            block: Pose::new(block[0], block[1], block[2]),
        };
        let goal = state([100.0, 120.0], [250.0, 260.0, 0.1]);
        let full = |state: State| SwmState {
            agent: state.agent,
            block: state.block,
            agent_velocity: [0.0; 2],
        };
        for (agent, block, reached) in [
            ([100.0, 120.0], [250.0, 260.0, 0.1], true),
            // 14 px each are 19.8 px together; 15 px each are 21.2 px.
            ([114.0, 120.0], [250.0, 274.0, 0.1], true),
            ([115.0, 120.0], [250.0, 275.0, 0.1], false),
            ([100.0, 120.0], [250.0, 260.0, 0.44], true),
            ([100.0, 120.0], [250.0, 260.0, 0.46], false),
            // Whole turns do not count.
            ([100.0, 120.0], [250.0, 260.0, 6.2], true),
            ([100.0, 120.0], [250.0, 260.0, 0.1 + 4.0 * std::f64::consts::PI], true),
        ] {
            let found = GoalDistance::between(state(agent, block), goal);
            assert_eq!(found.is_reached(), reached, "{agent:?} {block:?}");
            assert_eq!(full(state(agent, block)).reaches(full(goal), false), reached);
            assert!(found.cost() >= 1.0 || reached);
        }
    }
}
