//! Paths around the T: shortest paths between points outside it that keep a distance from it and stay on the board.
//!
//! A visibility graph in the T's own frame: two nodes beside each outer corner, so that a bend follows the circle
//! around the corner, plus start and end.

use super::outline::{CORNERS, Placement, is_clear, push_out};
use pusht_physics::Vec2;

/// Outer corners of the outline (an inner corner is never on a shortest path), and the directions they point in.
const OUTER: [(usize, f64, f64); 6] = [
    (0, -1.0, -1.0),
    (1, 1.0, -1.0),
    (2, 1.0, 1.0),
    (4, 1.0, 1.0),
    (5, -1.0, 1.0),
    (7, -1.0, 1.0),
];

const NODES: usize = 12;

/// Distance that the agent's center and its targets keep from the border of the board, px.
pub(super) const MARGIN: f64 = 13.0;

/// Whether a point of the board is at least [`MARGIN`] from the border.
pub(super) fn on_board(p: Vec2) -> bool {
    let range = MARGIN..=512.0 - MARGIN;
    range.contains(&p.x) && range.contains(&p.y)
}

/// Finds paths around a T that keep a given distance from it.
#[derive(Clone, Debug)]
pub(super) struct Router {
    clearance: f64,
    nodes: [Vec2; NODES],
    /// Length of the straight path from node to node; infinite if the T is in between.
    lengths: [[f64; NODES]; NODES],
}

impl Router {
    /// `clearance`: distance between the agent's center and the T, px.
    pub fn new(clearance: f64) -> Self {
        // The chord between the two nodes of a corner touches the circle of radius `clearance` around it.
        let (far, near) = (clearance, clearance * (std::f64::consts::PI / 8.0).tan());
        let mut nodes = [Vec2::ZERO; NODES];
        for (i, (corner, x, y)) in OUTER.into_iter().enumerate() {
            nodes[2 * i] = CORNERS[corner] + Vec2::new(x * far, y * near);
            nodes[2 * i + 1] = CORNERS[corner] + Vec2::new(x * near, y * far);
        }
        let lengths = nodes.map(|a| nodes.map(|b| straight(a, b, clearance)));
        Self {
            clearance,
            nodes,
            lengths,
        }
    }

    /// All shortest paths from `start` (on the board) around a T.
    pub fn ways_from(&self, start: Vec2, block: Placement) -> Ways<'_> {
        let start_body = block.to_body(start);
        let exit = push_out(start_body, self.clearance);
        let open: [bool; NODES] = self.nodes.map(|n| on_board(block.to_board(n)));
        let mut cost = [f64::INFINITY; NODES];
        let mut before = [NODES; NODES];
        for i in 0..NODES {
            if open[i] {
                cost[i] = straight(exit, self.nodes[i], self.clearance);
            }
        }
        let mut done = [false; NODES];
        // Dijkstra; twelve nodes need no heap.
        while let Some(i) = (0..NODES)
            .filter(|&i| !done[i] && cost[i].is_finite())
            .min_by(|&i, &j| cost[i].total_cmp(&cost[j]))
        {
            done[i] = true;
            for j in 0..NODES {
                let via = cost[i] + self.lengths[i][j];
                if open[j] && via < cost[j] {
                    cost[j] = via;
                    before[j] = i;
                }
            }
        }
        Ways {
            router: self,
            block,
            start: start_body,
            exit,
            cost,
            before,
        }
    }
}

/// Length of the straight path, infinite if it comes nearer to the T than `clearance`.
fn straight(a: Vec2, b: Vec2, clearance: f64) -> f64 {
    if is_clear(a, b, clearance - 0.05) {
        (b - a).length()
    } else {
        f64::INFINITY
    }
}

/// The paths from one start.
#[derive(Debug)]
pub(super) struct Ways<'a> {
    router: &'a Router,
    block: Placement,
    start: Vec2,
    /// The start, or the agent's position once it has stepped back far enough.
    exit: Vec2,
    cost: [f64; NODES],
    before: [usize; NODES],
}

impl Ways<'_> {
    /// The last node before `entry` (`NODES` if the path is straight) and the length from exit to `entry`.
    fn last_node(&self, entry: Vec2) -> (usize, f64) {
        let direct = straight(self.exit, entry, self.router.clearance);
        (0..NODES)
            .filter(|&i| self.cost[i].is_finite())
            .map(|i| {
                (
                    i,
                    self.cost[i] + straight(self.router.nodes[i], entry, self.router.clearance),
                )
            })
            .fold((NODES, direct), |best, next| if next.1 < best.1 { next } else { best })
    }

    /// Length of the path to `end` (body coordinates), px; `None` if there is none.
    pub fn length_to(&self, end: Vec2) -> Option<f64> {
        let entry = push_out(end, self.router.clearance);
        if !(on_board(self.block.to_board(end)) && on_board(self.block.to_board(entry))) {
            return None;
        }
        let (_, length) = self.last_node(entry);
        length
            .is_finite()
            .then(|| length + (self.exit - self.start).length() + (end - entry).length())
    }

    /// The path to `end` (body coordinates) as points of the board, without the start.
    pub fn to(&self, end: Vec2) -> Option<Vec<Vec2>> {
        self.length_to(end)?;
        let entry = push_out(end, self.router.clearance);
        let (mut node, _) = self.last_node(entry);
        let mut points = vec![end, entry];
        while node < NODES {
            points.push(self.router.nodes[node]);
            node = self.before[node];
        }
        points.push(self.exit);
        points.reverse();
        let mut path: Vec<Vec2> = Vec::with_capacity(points.len());
        let mut last = self.start;
        for p in points {
            if (p - last).length() > 0.5 {
                path.push(self.block.to_board(p));
                last = p;
            }
        }
        Some(path)
    }
}
