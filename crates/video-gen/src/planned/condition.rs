//! What the network knows of a situation, in the coordinates of the T.
//!
//! All positions are relative to the T's centroid and in its axes, so that what was learned at one place of the board
//! holds at every other and for every direction of the T; the board's walls are seen from there. A square board looks
//! the same from four sides, and the numbers are the same for all four.

use pusht_env::{Pose, WALL_RADIUS, WALLS, bar_vertices, stem_vertices};
use pusht_vision::geometry::{CENTROID, centroid, to_block, to_body};

/// Size of a condition.
pub const CONDITIONS: usize = 33;
/// Scale of positions, px.
const FAR: f64 = 100.0;
/// Scale of short distances, px.
const NEAR: f64 = 10.0;
/// Distance from a wall at which it is felt, px.
const WALL: f64 = 25.0;
/// Center of the board, px.
const BOARD: f64 = (WALLS[0][1][0] + WALLS[2][0][0]) / 2.0;
/// Distance of the walls' inner side from the center of the board, px.
const INSIDE: f64 = (WALLS[2][0][0] - WALLS[0][1][0]) / 2.0 - WALL_RADIUS;

/// Agent and T now.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Situation {
    /// Center of the agent, board px.
    pub agent: [f64; 2],
    /// The agent's last step, px.
    pub moved: [f64; 2],
    /// The T.
    pub block: Pose,
}

/// Where agent and T are to be.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct End {
    /// The T.
    pub block: Pose,
    /// Center of the agent, board px, if it is prescribed.
    pub agent: Option<[f64; 2]>,
    /// Steps until then, if they are prescribed.
    pub left: Option<usize>,
}

impl Situation {
    /// The same on a board seen in a mirror, left and right exchanged.
    pub fn mirrored(self) -> Self {
        Self {
            agent: mirrored(self.agent),
            moved: [-self.moved[0], self.moved[1]],
            block: mirrored_pose(self.block),
        }
    }
}

impl End {
    /// The same for the T alone, at any time.
    pub fn untimed(self) -> Self {
        Self {
            agent: None,
            left: None,
            ..self
        }
    }

    /// The same on a board seen in a mirror.
    pub fn mirrored(self) -> Self {
        Self {
            block: mirrored_pose(self.block),
            agent: self.agent.map(mirrored),
            left: self.left,
        }
    }
}

/// A point of a board seen in a mirror.
pub fn mirrored([x, y]: [f64; 2]) -> [f64; 2] {
    [2.0 * BOARD - x, y]
}

fn mirrored_pose(pose: Pose) -> Pose {
    Pose::new(2.0 * BOARD - pose.x, pose.y, -pose.angle)
}

/// A board vector in the axes of a T.
pub fn into_axes(angle: f64, [x, y]: [f64; 2]) -> [f64; 2] {
    let (s, c) = angle.sin_cos();
    [c * x + s * y, c * y - s * x]
}

/// A vector in the axes of a T as a board vector.
pub fn from_axes(angle: f64, [x, y]: [f64; 2]) -> [f64; 2] {
    let (s, c) = angle.sin_cos();
    [c * x - s * y, s * x + c * y]
}

/// The condition of a situation and its end.
pub fn condition(now: &Situation, end: &End) -> [f32; CONDITIONS] {
    let seen = |p: [f64; 2]| {
        let q = to_body(now.block, p);
        [q[0] - CENTROID[0], q[1] - CENTROID[1]]
    };
    let turned = |v| into_axes(now.block.angle, v);
    let agent = seen(now.agent);
    let moved = turned(now.moved);
    let (gap, away) = to_block([agent[0] + CENTROID[0], agent[1] + CENTROID[1]]);
    let gap = gap - pusht_env::AGENT_RADIUS;
    let near = (-gap.max(0.0) / NEAR).exp();
    let to = seen(centroid(end.block));
    let (sin, cos) = (end.block.angle - now.block.angle).sin_cos();
    let board = seen([BOARD; 2]);
    let (sin4, cos4) = (4.0 * now.block.angle).sin_cos();
    let agent_walls = turned(walls(&[now.agent], pusht_env::AGENT_RADIUS));
    let corners = [bar_vertices(now.block), stem_vertices(now.block)];
    let block_walls = turned(walls(corners.as_flattened(), 0.0));
    let (left, timed) = end.left.map_or((0.0, 0.0), |left| (left as f64, 1.0));
    let (there, placed) = end.agent.map_or(([0.0; 2], 0.0), |p| (seen(p), 1.0));
    let way = [0, 1].map(|k| placed * (there[k] - agent[k]));
    [
        agent[0] / FAR,
        agent[1] / FAR,
        moved[0] / NEAR,
        moved[1] / NEAR,
        gap.min(FAR) / FAR,
        near,
        near * away[0],
        near * away[1],
        to[0] / FAR,
        to[1] / FAR,
        (to[0] / NEAR).tanh(),
        (to[1] / NEAR).tanh(),
        sin,
        cos,
        (sin / 0.2).tanh(),
        board[0] / FAR,
        board[1] / FAR,
        sin4,
        cos4,
        agent_walls[0],
        agent_walls[1],
        block_walls[0],
        block_walls[1],
        timed,
        timed * left.min(16.0) / 16.0,
        timed * left.ln_1p() / 3.0,
        placed,
        there[0] / FAR,
        there[1] / FAR,
        way[0] / FAR,
        way[1] / FAR,
        (way[0] / NEAR).tanh(),
        (way[1] / NEAR).tanh(),
    ]
    .map(|x| x as f32)
}

/// How strongly and from where the walls are felt by points: the sum of exp(−distance / [`WALL`]) along each wall's
/// inward normal, of the nearest point to each.
fn walls(points: &[[f64; 2]], radius: f64) -> [f64; 2] {
    let felt = |distance: f64| (-(distance - radius).max(0.0) / WALL).exp();
    [0, 1].map(|k| {
        let along = points.iter().map(|p| p[k] - BOARD);
        let (low, high) = along.fold((f64::INFINITY, f64::NEG_INFINITY), |(a, b), x| (a.min(x), b.max(x)));
        felt(INSIDE + low) - felt(INSIDE - high)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn near(a: &[f32], b: &[f32]) -> bool {
        a.iter().zip(b).all(|(a, b)| (a - b).abs() < 1e-5)
    }

    #[test]
    fn a_turned_board_gives_the_same_numbers() {
        let now = Situation {
            agent: [100.0, 480.0],
            moved: [3.0, -2.0],
            block: Pose::new(300.0, 80.0, 0.4),
        };
        let end = End {
            block: Pose::new(256.0, 256.0, 2.0),
            agent: Some([50.0, 60.0]),
            left: Some(7),
        };
        let turn = |[x, y]: [f64; 2]| [2.0 * BOARD - y, x];
        let turn_pose = |p: Pose| {
            let [x, y] = turn([p.x, p.y]);
            Pose::new(x, y, p.angle + std::f64::consts::FRAC_PI_2)
        };
        let now2 = Situation {
            agent: turn(now.agent),
            moved: [-now.moved[1], now.moved[0]],
            block: turn_pose(now.block),
        };
        let end2 = End {
            block: turn_pose(end.block),
            agent: end.agent.map(turn),
            left: end.left,
        };
        assert!(near(&condition(&now, &end), &condition(&now2, &end2)));
    }

    #[test]
    fn a_mirror_exchanges_the_sides_of_the_t() {
        let now = Situation {
            agent: [100.0, 480.0],
            moved: [3.0, -2.0],
            block: Pose::new(300.0, 80.0, 0.4),
        };
        let end = End {
            block: Pose::new(256.0, 256.0, 2.0),
            agent: Some([50.0, 60.0]),
            left: None,
        };
        let (a, b) = (condition(&now, &end), condition(&now.mirrored(), &end.mirrored()));
        // Components across the stem change their sign; those along it, distances and times do not.
        let across = [0, 2, 6, 8, 10, 12, 14, 15, 17, 19, 21, 27, 29, 31];
        for k in 0..CONDITIONS {
            let sign = if across.contains(&k) { -1.0 } else { 1.0 };
            assert!((a[k] - sign * b[k]).abs() < 1e-5, "{k}: {} {}", a[k], b[k]);
        }
    }
}
