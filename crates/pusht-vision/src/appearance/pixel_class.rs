//! Classifies the pixels of a frame: board, the agent's blue, the T's gray, a changed board, other.
//!
//! Colors are averaged over 3 × 3 pixels, in the frame and in the image of the empty board, so that outlines cancel and
//! noise is reduced by two thirds. They are scaled by the white of the frame, so that a tint is not mistaken for an
//! object.

use pusht_env::Frame;

use super::empty::{Board, luma, smoothed};
use crate::board::{AGENT_FILL, BLOCK_FILL, Color, GOAL_FILL, SIDE, WHITE};

/// Largest difference from the board (sum over the channels, levels) of a pixel that shows the board, and its increase
/// per level of noise (five standard deviations, of which smoothing leaves a third).
const SAME: f32 = 24.0;
const SAME_IN_NOISE: f32 = 1.2;

/// Brightness below which 3 × 3 pixels show an agent (the agent has 122, the T 150 and more), and the same for single
/// pixels.
const DARK: f32 = 140.0;
const DARK_PIXEL: f32 = 148.0;

/// Largest color difference from a recolored T of a pixel that shows it, levels.
const SAME_GRAY: f32 = 30.0;

/// Noise from which single pixels are ignored, levels.
const NOISY: f64 = 4.0;

/// Blue minus red from which a pixel is blue: a T has 41, an agent 177, half an agent over white 88.
const BLUE: f32 = 70.0;

/// Red minus blue from which a pixel is a contact tick.
const TICK: f32 = 12.0;

/// Largest distance of a change from the line from white to green, as a share of the change, that counts as a change of
/// the goal.
const ON_LINE: f32 = 0.35;

/// Largest distance of a change from the line to the T's gray, as a share of the change, that counts as gray.
const OFF_GRAY: f32 = 0.6;

/// Class of a pixel.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum PixelClass {
    /// The board as it should be.
    Board,
    /// The agent.
    Blue,
    /// The T, with this opacity, 0 to 1.2 (its outline is darker than its fill).
    Gray(f32),
    /// The board's colors where they should not be; by which share of the difference from white to green.
    Ground(f32),
    /// A contact tick.
    Tick,
    /// Anything else; by how many levels it differs from the board.
    Other(f32),
}

/// The pixels of a frame with their classes.
pub(crate) struct Seen {
    /// Colors, not smoothed and not scaled.
    pub(crate) raw: Vec<Color>,
    /// Colors, smoothed and scaled by white.
    pub(crate) smooth: Vec<Color>,
    pub(crate) classes: Vec<PixelClass>,
    /// The frame's white.
    pub(crate) white: Color,
    /// Standard deviation of the noise, levels.
    pub(crate) noise: f64,
    /// The color assumed for the T.
    gray: Color,
}

/// State carried over from the frames before.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Adapted {
    /// The T's color.
    pub(crate) gray: Color,
    /// Colors are stored at half the resolution: a disc is where the frame is dark, not where it is blue.
    pub(crate) codec: bool,
}

impl Default for Adapted {
    fn default() -> Self {
        Self {
            gray: BLOCK_FILL,
            codec: false,
        }
    }
}

impl Seen {
    pub(crate) fn new(raw: Vec<Color>, board: &Board, adapted: &Adapted) -> Self {
        let (white, noise) = white_and_noise(&raw, board);
        let gain = white.map(|w| 255.0 / w.max(1.0));
        let mut smooth = smoothed(&raw);
        if white != WHITE {
            for color in &mut smooth {
                *color = [0, 1, 2].map(|c| color[c] * gain[c]);
            }
        }
        let same = SAME + SAME_IN_NOISE * noise as f32;
        let classes = (smooth.iter().zip(&board.smooth).enumerate())
            .map(|(at, (&seen, &expected))| match board.wall[at] {
                true => PixelClass::Board,
                false => classify(seen, expected, same, adapted.gray),
            })
            .collect();
        Self {
            raw,
            smooth,
            classes,
            white,
            noise,
            gray: adapted.gray,
        }
    }

    /// The frame cleaned for the tracker: white is white, the T is gray, and noise is removed from the board. In
    /// compressed images with blurred colors, pixels as dark as only the agent are made blue, and the others gray by
    /// their darkness.
    pub(crate) fn cleaned(&self, board: &Board, codec: bool) -> Frame {
        let gain = self.white.map(|w| 255.0 / w.max(1.0));
        let recolored = self.gray != BLOCK_FILL;
        let mut out = Vec::with_capacity(3 * SIDE * SIDE);
        for at in 0..SIDE * SIDE {
            let own = || [0, 1, 2].map(|c| self.raw[at][c] * gain[c]);
            let mut color = match self.classes[at] {
                PixelClass::Board if !board.wall[at] || self.shows_board(at, board) => board.color[at],
                PixelClass::Gray(opacity) if recolored => {
                    [0, 1, 2].map(|c| board.color[at][c] + opacity.min(1.0) * (BLOCK_FILL[c] - board.color[at][c]))
                }
                _ if self.noise > NOISY => self.smooth[at],
                _ => own(),
            };
            if codec {
                if luma(own()) < DARK_PIXEL && self.dark(at) {
                    color = AGENT_FILL;
                } else if matches!(
                    self.classes[at],
                    PixelClass::Gray(_) | PixelClass::Other(_) | PixelClass::Blue
                ) {
                    let behind = board.color[at];
                    let opacity = (luma(own()) - luma(behind)) / (luma(BLOCK_FILL) - luma(behind));
                    let opacity = opacity.clamp(0.0, 1.25);
                    color = [0, 1, 2].map(|c| behind[c] + opacity * (BLOCK_FILL[c] - behind[c]));
                }
            }
            // Rounds; no value is negative, and the conversion saturates at 255.
            out.extend(color.map(|c| (c + 0.5) as u8));
        }
        Frame::from_raw(SIDE as u32, SIDE as u32, out).unwrap_or_default()
    }

    /// True if the smoothed color is that of the board. Near the walls, where no pixel is classified, what reaches into
    /// them must not be cut off.
    fn shows_board(&self, at: usize, board: &Board) -> bool {
        let off = sub(self.smooth[at], board.smooth[at]);
        off.iter().map(|v| v.abs()).sum::<f32>() < SAME + SAME_IN_NOISE * self.noise as f32
    }

    /// True within one pixel of a pixel as dark as only the agent.
    fn dark(&self, at: usize) -> bool {
        let near = |i: usize| i.saturating_sub(1)..(i + 2).min(SIDE);
        near(at / SIDE).any(|y| near(at % SIDE).any(|x| luma(self.smooth[y * SIDE + x]) < DARK))
    }
}

/// Upper quartile of a standard normal distribution.
const QUARTILE: f64 = 0.6745;

/// The color of the board's white in this frame, and the standard deviation of the noise on it. White is the median of
/// all pixels that should be flat and white, most of which show neither T nor agent. Noise is estimated from the upper
/// quartile of the darker pixels, which is not affected by clipping at 255 and hardly by objects on the board.
fn white_and_noise(raw: &[Color], board: &Board) -> (Color, f64) {
    let mut counts = [[0_u32; 256]; 3];
    for &at in &board.open {
        for c in 0..3 {
            counts[c][raw[at][c] as usize] += 1;
        }
    }
    let half = board.open.len() as u32;
    let white = counts.each_ref().map(|counts| {
        let mut below = 0;
        let median = counts.iter().position(|&n| {
            below += n;
            2 * below >= half
        });
        // A lower limit, so that scaling does not amplify a black frame.
        median.unwrap_or(255).max(128)
    });
    let (mut above, quarter) = (0.0, f64::from(3 * half) * 0.25);
    for level in (1..256).rev() {
        let darker = |c: usize| white[c].checked_sub(level).map_or(0, |l| counts[c][l]);
        let now = f64::from((0..3).map(darker).sum::<u32>());
        if above + now > quarter {
            // Interpolated within the level.
            let noise = (level as f64 + 0.5 - (quarter - above) / now) / QUARTILE;
            return (white.map(|w| w as f32), noise);
        }
        above += now;
    }
    (white.map(|w| w as f32), 0.0)
}

fn classify(seen: Color, expected: Color, same: f32, gray: Color) -> PixelClass {
    let d = [0, 1, 2].map(|c| seen[c] - expected[c]);
    if d.iter().map(|v| v.abs()).sum::<f32>() < same {
        return PixelClass::Board;
    }
    if gray != BLOCK_FILL && norm(sub(seen, gray)) < SAME_GRAY {
        return PixelClass::Gray(1.0);
    }
    if seen[2] - seen[0] > BLUE {
        return PixelClass::Blue;
    }
    if seen[0] - seen[2] > TICK {
        // A T that has turned red has borders of that color.
        let (opacity, off) = along(d, sub(gray, expected));
        let border = gray[0] - gray[2] > TICK && off < ON_LINE * norm(d) && (0.0..1.0).contains(&opacity);
        return if border {
            PixelClass::Gray(opacity)
        } else {
            PixelClass::Tick
        };
    }
    let size = norm(d);
    let line = sub(GOAL_FILL, WHITE);
    let (share, off) = along(sub(seen, WHITE), line);
    if off < ON_LINE * size && (-0.2..1.2).contains(&share) {
        let (was, _) = along(sub(expected, WHITE), line);
        return PixelClass::Ground((share - was).abs());
    }
    let (opacity, off) = along(d, sub(gray, expected));
    if off < OFF_GRAY * size && opacity > 0.0 {
        PixelClass::Gray(opacity.min(1.2))
    } else {
        PixelClass::Other(size)
    }
}

/// The component of a vector along a direction, as a share of the direction, and its distance from it.
pub(crate) fn along(v: Color, direction: Color) -> (f32, f32) {
    let share = dot(v, direction) / dot(direction, direction);
    let off = [0, 1, 2].map(|c| v[c] - share * direction[c]);
    (share, dot(off, off).sqrt())
}

pub(crate) fn sub(a: Color, b: Color) -> Color {
    [0, 1, 2].map(|c| a[c] - b[c])
}

/// Length of a color difference.
pub(crate) fn norm(v: Color) -> f32 {
    dot(v, v).sqrt()
}

fn dot(a: Color, b: Color) -> f32 {
    a[0] * b[0] + a[1] * b[1] + a[2] * b[2]
}
