//! Points on the board, one small board per arm: final positions of the agent.

use super::axis::{LABEL, TICK};
use super::palette::{INK, SOFT};
use super::svg::{Anchor, Svg};
use pusht_env::{Pose, bar_vertices, stem_vertices};

const WIDTH: f64 = 760.0;
/// Largest side of a board.
const SIDE: f64 = 172.0;
const GAP: f64 = 20.0;
/// Most boards in a row.
const COLUMNS: usize = 5;
/// Side of the board in the environment, px.
const BOARD: f64 = 512.0;
/// Margin around the board, so that points at its edge are inside the frame.
const EDGE: f64 = 4.0;
const HEAD: f64 = 24.0;
const FOOT: f64 = 41.0;

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

impl Board {
    /// Number of points off the board.
    fn outside(&self) -> usize {
        let off = |p: &&[f64; 2]| p.iter().any(|v| !(0.0..=BOARD).contains(v));
        self.points.iter().filter(off).count()
    }
}

/// Draws boards side by side in rows of nearly equal length, with the goal on each. Points off the board are drawn at
/// its edge; their number is written below it.
pub fn board_chart(title: &str, goal: Pose, boards: &[Board]) -> String {
    let rows = boards.len().div_ceil(COLUMNS).max(1);
    let columns = boards.len().div_ceil(rows).max(1);
    let side = SIDE.min((WIDTH - 12.0) / columns as f64 - GAP);
    let mut svg = Svg::new(WIDTH, rows as f64 * (HEAD + side + FOOT) + 6.0);
    for (i, board) in boards.iter().enumerate() {
        let left = 6.0 + (i % columns) as f64 * (side + GAP);
        let top = HEAD + EDGE + (i / columns) as f64 * (HEAD + side + FOOT);
        let at = |p: [f64; 2]| p.map(|v| v.clamp(0.0, BOARD) * side / BOARD);
        let place = |p: [f64; 2]| [left + at(p)[0], top + at(p)[1]];
        svg.bold([left, top - 9.0], Anchor::Start, LABEL, INK, &board.name);
        let around = [side + 2.0 * EDGE; 2];
        svg.rect([left - EDGE, top - EDGE], around, "#fbfbfc", "#c9cdd5");
        for part in [bar_vertices(goal), stem_vertices(goal)] {
            svg.polygon(&part.map(place), "#90ee90");
        }
        for point in board.points.iter().filter(|p| p.iter().all(|v| v.is_finite())) {
            svg.circle(place(*point), 2.6, board.color, 0.5);
        }
        svg.text([left, top + side + 17.0], Anchor::Start, TICK, SOFT, "0");
        svg.text([left + side, top + side + 17.0], Anchor::End, TICK, SOFT, "512 px");
        let off = format!("{} of {} off the board", board.outside(), board.points.len());
        svg.text([left, top + side + 31.0], Anchor::Start, TICK, INK, &off);
    }
    svg.finish(title)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn points_off_the_board_are_counted_beside_it() {
        let board = |points: Vec<[f64; 2]>| Board {
            name: "demo".to_owned(),
            color: "#000",
            points,
        };
        let boards = [
            board(vec![[0.0, 512.0], [-0.5, 90.0], [256.0, 600.0]]),
            board(vec![[1.0, 2.0]]),
        ];
        let svg = board_chart("Final agent positions", pusht_env::GOAL, &boards);
        assert!(
            svg.contains("2 of 3 off the board") && svg.contains("0 of 1 off the board"),
            "{svg}"
        );
    }

    #[test]
    fn no_board_is_alone_in_a_row() {
        let tops = |count: usize| {
            let board = Board {
                name: "a board".to_owned(),
                color: "#000",
                points: Vec::new(),
            };
            let svg = board_chart("", pusht_env::GOAL, &vec![board; count]);
            let names = svg.lines().filter(|line| line.contains(">a board<"));
            let tops = names.map(|line| line.split("y=\"").nth(1).unwrap_or_default().to_owned());
            let mut rows = std::collections::BTreeMap::<String, usize>::new();
            for top in tops {
                let top = top.split('"').next().unwrap_or_default().to_owned();
                *rows.entry(top).or_default() += 1;
            }
            rows.into_values().min()
        };
        for count in 2..=20 {
            assert!(tops(count) > Some(1), "{count}");
        }
    }
}
