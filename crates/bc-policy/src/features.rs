//! Inputs and outputs of the policies on states: numbers in the frame of the goal.
//!
//! The goal's frame has its origin at the goal's body origin and the axes of the goal T. Features in it do not change
//! if board and goal are rotated together. As the T is symmetric about its stem, a board mirrored in x is also a valid
//! board, so that every demonstration can be used twice. Actions are offsets from the agent.

use pusht_env::{Action, Pose, State};

/// Number of features per state.
pub(crate) const FEATURES: usize = 30;

/// Description of the augmentation by these features.
pub(crate) const MIRRORED: &str = "none on data; every row also mirrored, in features that turn with the goal";

/// Points of the T in body coordinates whose offsets from the agent and to the goal are features: ends of the bar, body
/// origin, joint, end of the stem.
const KEYPOINTS: [[f64; 2]; 5] = [[-60.0, 15.0], [60.0, 15.0], [0.0, 0.0], [0.0, 30.0], [0.0, 120.0]];

/// A state in the goal's frame, mirrored or not.
#[derive(Clone, Copy, Debug)]
pub(crate) struct View {
    goal: Pose,
    mirrored: bool,
}

impl View {
    pub(crate) fn new(goal: Pose, mirrored: bool) -> Self {
        Self { goal, mirrored }
    }

    /// A point of the board, in the goal's frame.
    fn point(self, p: [f64; 2]) -> [f64; 2] {
        let [x, y] = rotate([p[0] - self.goal.x, p[1] - self.goal.y], -self.goal.angle);
        [if self.mirrored { -x } else { x }, y]
    }

    /// The features of a state, of order one: agent, T origin and angle in the goal's frame; agent and goal in the T's
    /// frame; keypoints relative to the agent and to their goal positions.
    pub(crate) fn features(self, state: &State) -> [f32; FEATURES] {
        let agent = self.point(state.agent);
        let block = self.point([state.block.x, state.block.y]);
        let turn = state.block.angle - self.goal.angle;
        let turn = if self.mirrored { -turn } else { turn };
        let in_block = rotate(sub(agent, block), -turn);
        let goal_in_block = rotate([-block[0], -block[1]], -turn);
        let mut features = [0.0; FEATURES];
        let mut at = 0;
        let mut push = |[a, b]: [f64; 2], scale: f64| {
            features[at] = (a / scale) as f32;
            features[at + 1] = (b / scale) as f32;
            at += 2;
        };
        push(agent, 100.0);
        push(block, 100.0);
        push([turn.sin(), turn.cos()], 1.0);
        push(in_block, 60.0);
        push(goal_in_block, 100.0);
        for keypoint in KEYPOINTS {
            let now = rotate(keypoint, turn);
            let now = [now[0] + block[0], now[1] + block[1]];
            push(sub(now, agent), 100.0);
            push(sub(now, keypoint), 100.0);
        }
        features
    }

    /// An action as its offset from the agent, px along the goal's axes.
    pub(crate) fn offset(self, agent: [f64; 2], action: Action) -> [f64; 2] {
        let action = [f64::from(action[0]), f64::from(action[1])];
        sub(self.point(action), self.point(agent))
    }

    /// The inverse of [`View::offset`].
    pub(crate) fn action(self, agent: [f64; 2], offset: [f64; 2]) -> Action {
        let x = if self.mirrored { -offset[0] } else { offset[0] };
        let [x, y] = rotate([x, offset[1]], self.goal.angle);
        [(agent[0] + x) as f32, (agent[1] + y) as f32]
    }
}

fn sub(a: [f64; 2], b: [f64; 2]) -> [f64; 2] {
    [a[0] - b[0], a[1] - b[1]]
}

fn rotate([x, y]: [f64; 2], angle: f64) -> [f64; 2] {
    let (sin, cos) = angle.sin_cos();
    [cos * x - sin * y, sin * x + cos * y]
}

#[cfg(test)]
mod tests {
    use super::*;
    use pusht_env::GOAL;

    fn state() -> State {
        State::from_row([150.0, 310.0, 220.0, 180.0, 2.1])
    }

    #[test]
    fn a_turned_board_with_its_goal_looks_the_same() {
        let s = state();
        let turned = |x: f64, y: f64| rotate([x - 255.5, y - 255.5], 1.0).map(|v| v + 255.5);
        let pose = |p: Pose| {
            let [x, y] = turned(p.x, p.y);
            Pose::new(x, y, p.angle + 1.0)
        };
        let moved = State {
            agent: turned(s.agent[0], s.agent[1]),
            block: pose(s.block),
        };
        let a = View::new(GOAL, false).features(&s);
        let b = View::new(pose(GOAL), false).features(&moved);
        for (a, b) in a.iter().zip(b) {
            assert!((a - b).abs() < 1e-5);
        }
    }

    #[test]
    fn mirroring_twice_gives_the_state_back() {
        let s = state();
        let plain = View::new(GOAL, false);
        let mirrored = View::new(GOAL, true);
        // The mirrored state: reflect in the goal's frame and compute the pose.
        let reflect = |p: [f64; 2]| plain.action([GOAL.x, GOAL.y], mirrored.point(p)).map(f64::from);
        let [x, y] = reflect([s.block.x, s.block.y]);
        let image = State {
            agent: reflect(s.agent),
            block: Pose::new(x, y, 2.0 * GOAL.angle - s.block.angle),
        };
        for (a, b) in mirrored.features(&image).iter().zip(plain.features(&s)) {
            assert!((a - b).abs() < 1e-5, "{a} {b}");
        }
    }

    #[test]
    fn actions_come_back_from_their_offsets() {
        for mirrored in [false, true] {
            let view = View::new(Pose::new(200.0, 300.0, 0.3), mirrored);
            let action = [411.0, 87.5];
            let back = view.action([33.0, 44.0], view.offset([33.0, 44.0], action));
            assert!((back[0] - action[0]).abs() < 1e-3 && (back[1] - action[1]).abs() < 1e-3);
        }
    }
}
