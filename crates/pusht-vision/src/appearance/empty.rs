//! The empty board as frames show it, and the regions of its pixels.

use crate::board::{Background, Color, SIDE, WHITE};

/// Width of the frame's border that contains the walls, pixels.
const RIM: usize = 3;

/// Mean over 3 × 3 pixels; at the border over the existing ones.
pub(crate) fn smoothed(colors: &[Color]) -> Vec<Color> {
    let mut rows = vec![[0.0; 3]; SIDE * SIDE];
    for (row, out) in colors.chunks_exact(SIDE).zip(rows.chunks_exact_mut(SIDE)) {
        for x in 1..SIDE - 1 {
            for c in 0..3 {
                out[x][c] = (row[x - 1][c] + row[x][c] + row[x + 1][c]) / 3.0;
            }
        }
        for c in 0..3 {
            out[0][c] = (row[0][c] + row[1][c]) / 2.0;
            out[SIDE - 1][c] = (row[SIDE - 2][c] + row[SIDE - 1][c]) / 2.0;
        }
    }
    let mut out = vec![[0.0; 3]; SIDE * SIDE];
    for y in 0..SIDE {
        let (above, below) = (y.saturating_sub(1), (y + 1).min(SIDE - 1));
        let share = 1.0 / (below - above + 1) as f32;
        let row = |j: usize| rows[j * SIDE..(j + 1) * SIDE].as_flattened();
        let out = out[y * SIDE..(y + 1) * SIDE].as_flattened_mut();
        if below - above == 2 {
            for (((out, a), b), c) in out.iter_mut().zip(row(above)).zip(row(y)).zip(row(below)) {
                *out = (a + b + c) * share;
            }
        } else {
            for ((out, a), b) in out.iter_mut().zip(row(above)).zip(row(below)) {
                *out = (a + b) * share;
            }
        }
    }
    out
}

/// Brightness.
pub(crate) fn luma(c: Color) -> f32 {
    0.299 * c[0] + 0.587 * c[1] + 0.114 * c[2]
}

/// The empty board: white, goal and walls.
pub(crate) struct Board {
    /// Colors as the environment draws them; `smooth` has them after [`smoothed`].
    pub(crate) color: Vec<Color>,
    pub(crate) smooth: Vec<Color>,
    /// True where a wall may be seen, with a margin of one pixel.
    pub(crate) wall: Vec<bool>,
    /// Pixels where the board is white over 5 × 5 pixels.
    pub(crate) open: Vec<usize>,
    /// The goal's border without the walls: pixels whose 3 × 3 neighbors differ.
    pub(crate) edge: Vec<usize>,
}

impl Board {
    pub(crate) fn new(background: &Background) -> Self {
        let board = background.color.clone();
        let inner = RIM..SIDE - RIM;
        let wall = |at: usize| !inner.contains(&(at % SIDE)) || !inner.contains(&(at / SIDE));
        let constant = |at: usize, reach: usize| {
            let around = |i: usize| i.saturating_sub(reach)..(i + reach + 1).min(SIDE);
            around(at / SIDE).all(|y| around(at % SIDE).all(|x| board[y * SIDE + x] == board[at]))
        };
        let all = 0..SIDE * SIDE;
        Self {
            smooth: smoothed(&board),
            wall: all.clone().map(wall).collect(),
            open: (all
                .clone()
                .filter(|&at| !wall(at) && board[at] == WHITE && constant(at, 2)))
            .collect(),
            edge: all.filter(|&at| !wall(at) && !constant(at, 1)).collect(),
            color: board,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use pusht_env::{FillRule, GOAL, Pose, Renderer, Scene};

    #[test]
    fn walls_lie_within_the_rim() {
        let board = Board::new(&Background::new(GOAL).unwrap());
        let nowhere = Pose::new(f64::NAN, 0.0, 0.0);
        let mut renderer = Renderer::new(SIDE as u32, FillRule::default()).unwrap();
        let bare = renderer.render(&Scene::new([f64::NAN; 2], nowhere, nowhere));
        let white = bare.pixels().map(|p| p.0 == [255; 3]);
        assert!(board.wall.iter().zip(white).all(|(&wall, white)| wall || white));
    }
}
