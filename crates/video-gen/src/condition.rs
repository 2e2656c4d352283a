//! What the network is told about a clip besides its noisy path.

use std::f64::consts::FRAC_PI_2;

use pusht_env::Pose;

use crate::latent::{Anchor, LEVER, Latent, centre};

/// Numbers in a condition.
pub const CONDITIONS: usize = 18;
/// Which of them says whether an end is prescribed.
pub const HAS_END: usize = 10;
/// Positions are divided by this, px.
pub const UNIT: f64 = 100.0;
/// Centre of the board, px.
const BOARD: [f64; 2] = [256.0, 256.0];

/// The condition of one clip, all seen from its first T: the agent's start; the board's centre and direction (a square
/// has four of them, so the cosine and sine of the fourfold angle); the goal pose; whether an end is prescribed and
/// which; the number of frames.
pub fn condition(
    anchor: &Anchor,
    goal: Pose,
    start: &Latent,
    end: Option<&Latent>,
    frames: usize,
    max_frames: usize,
) -> [f32; CONDITIONS] {
    let board = anchor.point(BOARD);
    let (board_sin, board_cos) = (TURNS * anchor.turn(0.0)).sin_cos();
    let target = anchor.point(centre(goal));
    let (goal_sin, goal_cos) = anchor.turn(goal.angle).sin_cos();
    let e = end.map_or([0.0; 6], |e| {
        [
            e[0] / UNIT,
            e[1] / UNIT,
            e[2] / UNIT,
            e[3] / UNIT,
            e[4] / LEVER,
            e[5] / LEVER,
        ]
    });
    [
        start[0] / UNIT,
        start[1] / UNIT,
        board[0] / UNIT,
        board[1] / UNIT,
        board_cos,
        board_sin,
        target[0] / UNIT,
        target[1] / UNIT,
        goal_cos,
        goal_sin,
        f64::from(u8::from(end.is_some())),
        e[0],
        e[1],
        e[2],
        e[3],
        e[4],
        e[5],
        frames as f64 / max_frames as f64,
    ]
    .map(|x| x as f32)
}

/// Quarter turns in a full one: the board's symmetry.
const TURNS: f64 = std::f64::consts::TAU / FRAC_PI_2;
