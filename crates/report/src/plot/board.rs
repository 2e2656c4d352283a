//! Points on the board, one small board per arm: final positions of the agent.

use super::axis::{LABEL, TICK};
use super::palette::{INK, SOFT};
use super::svg::{Anchor, Svg};
use pusht_env::{Pose, bar_vertices, stem_vertices};

const SIDE: f64 = 172.0;
const GAP: f64 = 20.0;
/// Margin around the board, so that points at its edge are inside the frame.
const EDGE: f64 = 4.0;
const HEAD: f64 = 24.0;
const FOOT: f64 = 27.0;

/// The board of one arm.
#[derive(Clone, Debug)]
pub struct Board {
    /// Title above the board.
    pub name: String,
    /// Color of the points.
    pub color: &'static str,
    /// Points in px of the 512 × 512 board, x right, y down.
    pub points: Vec<[f64; 2]>,
}

/// Draws boards side by side, four per row, with the goal on each.
pub fn board_chart(title: &str, goal: Pose, boards: &[Board]) -> String {
    let columns = boards.len().clamp(1, 4);
    let rows = boards.len().div_ceil(columns).max(1);
    let mut svg = Svg::new(760.0, rows as f64 * (HEAD + SIDE + FOOT) + 6.0);
    for (i, board) in boards.iter().enumerate() {
        let left = 6.0 + (i % columns) as f64 * (SIDE + GAP);
        let top = HEAD + EDGE + (i / columns) as f64 * (HEAD + SIDE + FOOT);
        let at = |p: [f64; 2]| p.map(|v| v.clamp(0.0, 512.0) * SIDE / 512.0);
        let place = |p: [f64; 2]| [left + at(p)[0], top + at(p)[1]];
        svg.bold([left, top - 9.0], Anchor::Start, LABEL, INK, &board.name);
        let around = [SIDE + 2.0 * EDGE; 2];
        svg.rect([left - EDGE, top - EDGE], around, "#fbfbfc", "#c9cdd5");
        for part in [bar_vertices(goal), stem_vertices(goal)] {
            svg.polygon(&part.map(place), "#90ee90");
        }
        for point in board.points.iter().filter(|p| p.iter().all(|v| v.is_finite())) {
            svg.circle(place(*point), 2.6, board.color, 0.5);
        }
        svg.text([left, top + SIDE + 17.0], Anchor::Start, TICK, SOFT, "0");
        svg.text([left + SIDE, top + SIDE + 17.0], Anchor::End, TICK, SOFT, "512 px");
    }
    svg.finish(title)
}
