//! Conditions of the network besides the noisy path.

use std::f64::consts::TAU;

use pusht_env::{Pose, State};

use crate::geometry::{LEVER, center};
use crate::latent::{Anchor, Latent};
use crate::outline::perimeter;

/// Size of a condition.
pub const CONDITIONS: usize = 23;
/// Index of the flag for a prescribed last frame.
pub const HAS_END: usize = 15;
/// Scale of positions, px.
pub const UNIT: f64 = 100.0;
/// Center of the board, px.
const BOARD: [f64; 2] = [256.0, 256.0];

/// The condition of one clip: the agent's start along the T's outline and in the first T's axes; the board's center and
/// direction (as a square has four, the cosine and sine of the fourfold angle) and the goal pose, in the frame of the
/// first T; whether a last frame is prescribed, and which; the number of frames.
pub fn condition(
    anchor: &Anchor,
    goal: Pose,
    start: (&State, &Latent),
    end: Option<&Latent>,
    frames: usize,
    max_frames: usize,
) -> [f32; CONDITIONS] {
    let (state, start) = start;
    let agent = anchor.point(state.agent);
    let board = anchor.point(BOARD);
    let (board_sin, board_cos) = (TURNS * anchor.turn(0.0)).sin_cos();
    let target = anchor.point(center(goal));
    let (goal_sin, goal_cos) = anchor.turn(goal.angle).sin_cos();
    let (sin, cos) = (TAU * start[0] / perimeter()).sin_cos();
    let (sin2, cos2) = (2.0 * TAU * start[0] / perimeter()).sin_cos();
    let known = f64::from(u8::from(end.is_some()));
    let e = end.unwrap_or(start);
    [
        sin,
        cos,
        sin2,
        cos2,
        start[1] / UNIT,
        agent[0] / UNIT,
        agent[1] / UNIT,
        board[0] / UNIT,
        board[1] / UNIT,
        board_cos,
        board_sin,
        target[0] / UNIT,
        target[1] / UNIT,
        goal_cos,
        goal_sin,
        known,
        known * (e[0] - start[0]) / UNIT,
        known * e[1] / UNIT,
        known * e[2] / UNIT,
        known * e[3] / UNIT,
        known * e[4] / LEVER,
        known * e[5] / LEVER,
        frames as f64 / max_frames as f64,
    ]
    .map(|x| x as f32)
}

/// Quarter turns in a full one: the board's symmetry.
const TURNS: f64 = 4.0;
