//! Positions of the pixels of a 96 × 96 frame on the board, and the colors of the empty board.

use pusht_env::{FillRule, Frame, Pose, Renderer, Scene};

use crate::VisionError;
use crate::geometry::AREA;

/// Side of the frames that are read, px.
pub(crate) const SIDE: usize = 96;

/// Side of the board, px.
pub(crate) const BOARD: f64 = 512.0;

/// Board px from one frame pixel to the next.
pub(crate) const STRIDE: f64 = BOARD / SIDE as f64;

/// Area of the T, frame pixels.
pub(crate) const BLOCK_PIXELS: f64 = AREA / (STRIDE * STRIDE);

/// Area of the agent's disc, frame pixels.
pub(crate) const AGENT_PIXELS: f64 = 707.0 / (STRIDE * STRIDE);

/// A frame pixel's color as numbers: red, green, blue.
pub(crate) type Color = [f32; 3];

pub(crate) const WHITE: Color = [255.0; 3];
pub(crate) const GOAL_FILL: Color = [144.0, 238.0, 144.0];
pub(crate) const BLOCK_FILL: Color = [143.0, 163.0, 184.0];
pub(crate) const BLOCK_EDGE: Color = [119.0, 136.0, 153.0];
pub(crate) const AGENT_FILL: Color = [78.0, 126.0, 255.0];
pub(crate) const AGENT_EDGE: Color = [65.0, 105.0, 225.0];
const WALL: u8 = 211;
pub(crate) const WALL_FILL: Color = [WALL as f32; 3];

/// Board coordinate that frame column (or row) `i` samples: the references resize without smoothing, so a frame pixel
/// is the bilinear sample of the 512 × 512 image at this point.
pub(crate) fn sample(i: usize) -> f64 {
    (i as f64 + 0.5) * STRIDE - 0.5
}

/// Frame columns (or rows) that sample within `low..=high`.
pub(crate) fn samples_within(low: f64, high: f64) -> std::ops::Range<usize> {
    let index = |x: f64| (x + 0.5) / STRIDE - 0.5;
    let first = index(low).ceil().clamp(0.0, SIDE as f64);
    let end = (index(high).floor() + 1.0).clamp(first, SIDE as f64);
    first as usize..end as usize
}

/// Board coordinates of a frame pixel.
pub(crate) fn point(at: usize) -> [f64; 2] {
    [sample(at % SIDE), sample(at / SIDE)]
}

/// Frame pixels within a circle, board px.
pub(crate) fn pixels_within(center: [f64; 2], radius: f64) -> impl Iterator<Item = usize> {
    let columns = samples_within(center[0] - radius, center[0] + radius);
    let rows = samples_within(center[1] - radius, center[1] + radius);
    rows.flat_map(move |row| columns.clone().map(move |column| row * SIDE + column))
        .filter(move |&at| {
            let [x, y] = point(at);
            (x - center[0]).powi(2) + (y - center[1]).powi(2) <= radius * radius
        })
}

/// Calls `of` with every frame pixel within a circle and its board coordinates; faster than [`pixels_within`].
#[inline]
pub(crate) fn each_within(center: [f64; 2], radius: f64, mut of: impl FnMut(usize, [f64; 2])) {
    let columns = samples_within(center[0] - radius, center[0] + radius);
    for row in samples_within(center[1] - radius, center[1] + radius) {
        let y = sample(row);
        let (across, within) = ((y - center[1]).powi(2), radius * radius);
        for column in columns.clone() {
            let x = sample(column);
            if (x - center[0]).powi(2) + across <= within {
                of(row * SIDE + column, [x, y]);
            }
        }
    }
}

/// The board without agent and T.
pub(crate) struct Background {
    /// Colors of white, goal and walls.
    pub(crate) color: Vec<Color>,
    /// True where a wall may hide other objects.
    pub(crate) wall: Vec<bool>,
}

impl Background {
    /// The empty board with this goal.
    pub(crate) fn new(goal: Pose) -> Result<Self, VisionError> {
        if ![goal.x, goal.y, goal.angle].iter().all(|v| v.is_finite()) {
            return Err(VisionError::Goal { goal });
        }
        // A pose that is not finite is not drawn.
        let nowhere = Pose::new(f64::NAN, 0.0, 0.0);
        let mut renderer = Renderer::new(SIDE as u32, FillRule::default())?;
        let board = renderer.render(&Scene::new([f64::NAN; 2], nowhere, goal));
        let bare = renderer.render(&Scene::new([f64::NAN; 2], nowhere, nowhere));
        Ok(Self {
            color: board.pixels().map(|p| p.0.map(f32::from)).collect(),
            wall: bare.pixels().map(|p| p.0[0] < u8::MAX - (u8::MAX - WALL) / 2).collect(),
        })
    }
}

/// What is drawn of the agent's disc around an integer center: the walls lie above it.
pub(crate) struct DiscMask {
    /// 0 outside, 1 edge, 2 fill, row by row from `-DISC_REACH` to `DISC_REACH - 1` in both directions.
    disc: Vec<u8>,
    /// Which pixels of the 512 × 512 image are a wall, row by row.
    wall: Vec<bool>,
}

/// Half the side of [`DiscMask`]'s disc, board px.
const DISC_REACH: i32 = 16;

/// Half the side of a square that holds the disc, board px.
pub(crate) const DISC_RADIUS: f64 = DISC_REACH as f64;

/// Side of the image that frames are made from, px.
const IMAGE: i32 = BOARD as i32;

impl DiscMask {
    /// Builds the mask from an image of the renderer.
    pub(crate) fn new() -> Result<Self, VisionError> {
        let nowhere = Pose::new(f64::NAN, 0.0, 0.0);
        let picture =
            Renderer::new(IMAGE as u32, FillRule::default())?.render(&Scene::new([256.0; 2], nowhere, nowhere));
        let side = 2 * DISC_REACH as u32;
        let start = 256 - DISC_REACH as u32;
        let class = |x: u32, y: u32| match picture.get_pixel(start + x, start + y).0 {
            [78, ..] => 2,
            [65, ..] => 1,
            _ => 0,
        };
        Ok(Self {
            disc: (0..side * side).map(|i| class(i % side, i / side)).collect(),
            wall: picture.pixels().map(|p| p.0 == [WALL; 3]).collect(),
        })
    }

    /// Shares of edge and fill color in a frame pixel when the disc is drawn around `center`.
    pub(crate) fn shares(&self, center: [i32; 2], at: usize) -> [f32; 2] {
        let mut shares = [0.0; 3];
        for ([x, y], weight) in sampled(at) {
            let class = self.class(x - center[0], y - center[1]);
            if class > 0 && !self.is_wall(x, y) {
                shares[usize::from(class)] += weight;
            }
        }
        [shares[1], shares[2]]
    }

    /// Share of a frame pixel that is wall.
    pub(crate) fn wall_share(&self, at: usize) -> f32 {
        let walls = sampled(at).into_iter().filter(|&([x, y], _)| self.is_wall(x, y));
        walls.map(|(_, weight)| weight).sum()
    }

    /// Class of the pixel at this offset from the center.
    fn class(&self, dx: i32, dy: i32) -> u8 {
        let inside = -DISC_REACH..DISC_REACH;
        if !inside.contains(&dx) || !inside.contains(&dy) {
            return 0;
        }
        self.disc[((dy + DISC_REACH) * 2 * DISC_REACH + dx + DISC_REACH) as usize]
    }

    fn is_wall(&self, x: i32, y: i32) -> bool {
        self.wall[(y * IMAGE + x) as usize]
    }
}

/// The four pixels of the 512 × 512 image that a frame pixel is a mixture of, and their weights.
fn sampled(at: usize) -> [([i32; 2], f32); 4] {
    let [(x, fx), (y, fy)] = [at % SIDE, at / SIDE].map(|i| {
        let s = sample(i);
        (s.floor() as i32, (s - s.floor()) as f32)
    });
    [
        ([x, y], (1.0 - fx) * (1.0 - fy)),
        ([x + 1, y], fx * (1.0 - fy)),
        ([x, y + 1], (1.0 - fx) * fy),
        ([x + 1, y + 1], fx * fy),
    ]
}

/// Colors of one frame.
pub(crate) fn colors(frame: &Frame) -> Vec<Color> {
    let pixels = frame.as_raw().as_chunks::<3>().0;
    pixels.iter().map(|p| p.map(f32::from)).collect()
}
