//! Counts and areas of agents and T in a frame.

use crate::VisionError;
use crate::agent::blueness;
use crate::board::{AGENT_PIXELS, BLOCK_PIXELS, SIDE};
use crate::marker::without_marker;
use pusht_env::Frame;

/// Smallest area of a blue patch that counts as an agent, over the area of the disc.
const LEAST_PATCH: f64 = 0.4;

/// Smallest area of a gray patch that counts as a piece, over the area of the T.
const LEAST_PIECE: f64 = 0.2;

/// Blue area, in discs, from which there is more than one agent, in one patch or several.
const TWO_AGENTS: f64 = 1.5;

/// Counts and areas of one frame.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct FrameMeasures {
    /// Number of blue patches (8-connected) of the size of an agent; two if one patch has the area of two.
    pub agents: usize,
    /// Blue area over the area of the disc.
    pub agent_area: f64,
    /// Number of gray patches (8-connected) of at least a fifth of the T; areas covered by the agent join them.
    pub pieces: usize,
    /// Gray area over the area of the T, without the part covered by the agent.
    pub block_area: f64,
}

/// Class of a pixel.
#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Other,
    Blue,
    Gray,
}

impl FrameMeasures {
    /// Measures a 96 × 96 frame.
    ///
    /// # Errors
    /// A frame of another size.
    pub fn of(frame: &Frame) -> Result<Self, VisionError> {
        let (width, height) = frame.dimensions();
        if (width as usize, height as usize) != (SIDE, SIDE) {
            return Err(VisionError::FrameSize { width, height });
        }
        Ok(Self::of_clean(&without_marker(frame)))
    }

    /// As [`FrameMeasures::of`], for a 96 × 96 frame without the cross at the agent's target.
    pub(crate) fn of_clean(frame: &Frame) -> Self {
        let (mut blue, mut gray, mut colored) = (0.0, 0.0, Vec::with_capacity(512));
        let mut kinds = [Kind::Other; SIDE * SIDE];
        for (at, pixel) in frame.as_raw().chunks_exact(3).enumerate() {
            let over = i16::from(pixel[2]) - i16::from(pixel[0]);
            // Board, goal, walls and ticks: nearly all pixels.
            if over <= 5 {
                continue;
            }
            let share = f64::from(blueness([pixel[0], pixel[1], pixel[2]].map(f32::from)));
            let grayness = (1.0 - share) * (f64::from(over) / 36.0).min(1.0);
            blue += share;
            gray += grayness;
            if share > 0.5 {
                kinds[at] = Kind::Blue;
                colored.push(at);
            } else if grayness > 0.5 {
                kinds[at] = Kind::Gray;
                colored.push(at);
            }
        }
        let count = |kinds: &[Kind; SIDE * SIDE], of: Kind, through: Kind, least: f64| {
            let mut left = *kinds;
            let patches = colored.iter().map(|&at| patch(&mut left, at, of, through));
            patches.filter(|&size| size as f64 > least).count()
        };
        let agents = count(&kinds, Kind::Blue, Kind::Blue, LEAST_PATCH * AGENT_PIXELS);
        let agent_area = blue / AGENT_PIXELS;
        Self {
            agents: if agent_area > TWO_AGENTS { agents.max(2) } else { agents },
            agent_area,
            pieces: count(&kinds, Kind::Gray, Kind::Blue, LEAST_PIECE * BLOCK_PIXELS),
            block_area: gray / BLOCK_PIXELS,
        }
    }
}

/// Counts the pixels of kind `of` in the patch around `start`, to which pixels of kind `through` belong as well, and
/// removes the patch.
fn patch(left: &mut [Kind; SIDE * SIDE], start: usize, of: Kind, through: Kind) -> usize {
    let (mut open, mut count) = (Vec::new(), 0);
    let mut take = |at: usize, open: &mut Vec<usize>| {
        let kind = std::mem::replace(&mut left[at], Kind::Other);
        if kind == of || kind == through {
            count += usize::from(kind == of);
            open.push(at);
        }
    };
    take(start, &mut open);
    while let Some(at) = open.pop() {
        let (x, y) = (at % SIDE, at / SIDE);
        for ny in y.saturating_sub(1)..=(y + 1).min(SIDE - 1) {
            for nx in x.saturating_sub(1)..=(x + 1).min(SIDE - 1) {
                take(ny * SIDE + nx, &mut open);
            }
        }
    }
    count
}
