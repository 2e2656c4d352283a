//! What a frame shows apart from poses: how many agents, how much T.

use crate::VisionError;
use crate::agent::blueness;
use crate::board::{AGENT_PIXELS, BLOCK_PIXELS, SIDE};
use pusht_env::Frame;

/// A blue patch of less than this share of the disc is no agent.
const LEAST_PATCH: f64 = 0.4;

/// A gray patch of less than this share of the T is no piece of it.
const LEAST_PIECE: f64 = 0.2;

/// Blue of more than this many discs is more than one agent, in one patch or several.
const TWO_AGENTS: f64 = 1.5;

/// Counts and areas of one frame.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct FrameMeasures {
    /// Blue patches of the size of an agent, counted 8-connected; two where one patch has the area of two.
    pub agents: usize,
    /// Blue area over the area of the disc.
    pub agent_area: f64,
    /// Gray patches of at least a fifth of the T, counted 8-connected; what the agent covers joins them.
    pub pieces: usize,
    /// Gray area over the area of the T; what the agent covers is missing.
    pub block_area: f64,
}

/// What a pixel is.
#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Other,
    Blue,
    Gray,
}

impl FrameMeasures {
    /// Of a 96 × 96 frame.
    ///
    /// # Errors
    /// A frame of another size.
    pub fn of(frame: &Frame) -> Result<Self, VisionError> {
        let (width, height) = frame.dimensions();
        if (width as usize, height as usize) != (SIDE, SIDE) {
            return Err(VisionError::FrameSize { width, height });
        }
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
        Ok(Self {
            agents: if agent_area > TWO_AGENTS { agents.max(2) } else { agents },
            agent_area,
            pieces: count(&kinds, Kind::Gray, Kind::Blue, LEAST_PIECE * BLOCK_PIXELS),
            block_area: gray / BLOCK_PIXELS,
        })
    }
}

/// Pixels of kind `of` in the patch around `start`, which pixels of kind `through` belong to as well; takes all of them
/// away.
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
