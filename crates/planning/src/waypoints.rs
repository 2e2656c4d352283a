//! Paths of the agent's target, written as a few points.

use pusht_env::Action;

use crate::BOARD;

/// A path of targets over a number of steps: straight from the agent to the first waypoint and on from one to the next, a
/// waypoint every `every` steps and one at the last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Waypoints {
    steps: usize,
    every: usize,
}

impl Waypoints {
    /// Paths of `steps` steps; both numbers at least 1.
    pub fn new(steps: usize, every: usize) -> Self {
        Self { steps, every }
    }

    /// Number of waypoints.
    pub fn count(self) -> usize {
        self.steps.div_ceil(self.every)
    }

    /// Step of a waypoint, counted from 1.
    fn step(self, waypoint: usize) -> usize {
        ((waypoint + 1) * self.every).min(self.steps)
    }

    /// The waypoints, x and y alternating, of the straight path between two points.
    pub fn straight(self, from: [f64; 2], to: [f64; 2]) -> Vec<f64> {
        let at = |waypoint| {
            let share = self.step(waypoint) as f64 / self.steps as f64;
            [0, 1].map(|axis| from[axis] + share * (to[axis] - from[axis]))
        };
        (0..self.count()).flat_map(at).collect()
    }

    /// The waypoints of known targets, which stay where they end.
    pub fn along(self, targets: &[Action], to: [f64; 2]) -> Vec<f64> {
        let at = |waypoint| {
            let known = targets.get(self.step(waypoint) - 1);
            known.map_or(to, |target| target.map(f64::from))
        };
        (0..self.count()).flat_map(at).collect()
    }

    /// One target per step, on the board.
    pub fn actions(self, from: [f64; 2], waypoints: &[f64]) -> Vec<Action> {
        let mut actions = Vec::with_capacity(self.steps);
        let (mut last, mut begun) = (from, 0);
        for (waypoint, point) in waypoints.chunks_exact(2).enumerate() {
            let end = self.step(waypoint);
            for step in begun + 1..=end {
                let share = (step - begun) as f64 / (end - begun) as f64;
                let on_board = |axis: usize| (last[axis] + share * (point[axis] - last[axis])).clamp(0.0, BOARD) as f32;
                actions.push([on_board(0), on_board(1)]);
            }
            (last, begun) = ([point[0], point[1]], end);
        }
        actions
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_pass_their_waypoints_and_stay_on_the_board() {
        let code = Waypoints::new(7, 3);
        assert_eq!(code.count(), 3);
        let actions = code.actions([100.0, 100.0], &[130.0, 100.0, 130.0, 400.0, 130.0, 600.0]);
        assert_eq!(actions.len(), 7);
        assert_eq!(
            actions,
            [
                [110.0, 100.0],
                [120.0, 100.0],
                [130.0, 100.0],
                [130.0, 200.0],
                [130.0, 300.0],
                [130.0, 400.0],
                [130.0, 512.0]
            ]
        );
        let straight = code.straight([100.0, 100.0], [170.0, 30.0]);
        assert_eq!(straight, [130.0, 70.0, 160.0, 40.0, 170.0, 30.0]);
        assert_eq!(
            code.along(&actions[2..], [9.0, 8.0]),
            [130.0, 300.0, 9.0, 8.0, 9.0, 8.0]
        );
    }
}
