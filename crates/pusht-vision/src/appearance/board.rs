//! The empty board as a frame shows it, and which of its pixels say what.

use pusht_env::{FillRule, Frame, Pose, RenderError, Renderer, Scene};

/// Side of the frames that are audited, px.
pub(crate) const SIDE: usize = 96;

/// Board px from one frame pixel to the next.
pub(crate) const STRIDE: f64 = 512.0 / SIDE as f64;

/// Area of T and agent, frame pixels.
pub(crate) const BLOCK_PIXELS: f64 = crate::geometry::AREA / (STRIDE * STRIDE);
pub(crate) const AGENT_PIXELS: f64 = 707.0 / (STRIDE * STRIDE);

pub(crate) const WHITE: [f32; 3] = [255.0; 3];
pub(crate) const GOAL_FILL: [f32; 3] = [144.0, 238.0, 144.0];
pub(crate) const BLOCK_FILL: [f32; 3] = [143.0, 163.0, 184.0];
pub(crate) const AGENT_FILL: [f32; 3] = [78.0, 126.0, 255.0];

/// Pixels of the frame's border in which walls lie.
const RIM: usize = 3;

/// A frame pixel's colour as numbers.
pub(crate) type Colour = [f32; 3];

/// Board coordinate of a frame column or row.
pub(crate) fn sample(i: usize) -> f64 {
    (i as f64 + 0.5) * STRIDE - 0.5
}

/// Board coordinates of a frame pixel.
pub(crate) fn point(at: usize) -> [f64; 2] {
    [sample(at % SIDE), sample(at / SIDE)]
}

/// Frame columns or rows that sample within `low..=high`.
pub(crate) fn samples_within(low: f64, high: f64) -> std::ops::Range<usize> {
    let index = |x: f64| (x + 0.5) / STRIDE - 0.5;
    let first = index(low).ceil().clamp(0.0, SIDE as f64);
    let end = (index(high).floor() + 1.0).clamp(first, SIDE as f64);
    first as usize..end as usize
}

/// Frame pixels within a circle, board px.
pub(crate) fn pixels_within(centre: [f64; 2], radius: f64) -> impl Iterator<Item = usize> {
    let columns = samples_within(centre[0] - radius, centre[0] + radius);
    let rows = samples_within(centre[1] - radius, centre[1] + radius);
    rows.flat_map(move |row| columns.clone().map(move |column| row * SIDE + column))
        .filter(move |&at| {
            let [x, y] = point(at);
            (x - centre[0]).powi(2) + (y - centre[1]).powi(2) <= radius * radius
        })
}

/// Calls `of` with every frame pixel within a circle and its board coordinates; as [`pixels_within`], and quicker.
#[inline]
pub(crate) fn each_within(centre: [f64; 2], radius: f64, mut of: impl FnMut(usize, [f64; 2])) {
    let columns = samples_within(centre[0] - radius, centre[0] + radius);
    for row in samples_within(centre[1] - radius, centre[1] + radius) {
        let y = sample(row);
        let (across, within) = ((y - centre[1]).powi(2), radius * radius);
        for column in columns.clone() {
            let x = sample(column);
            if (x - centre[0]).powi(2) + across <= within {
                of(row * SIDE + column, [x, y]);
            }
        }
    }
}

/// Mean over 3 × 3 pixels; at the border over those that there are.
pub(crate) fn smoothed(colours: &[Colour]) -> Vec<Colour> {
    let mut rows = vec![[0.0; 3]; SIDE * SIDE];
    for (row, out) in colours.chunks_exact(SIDE).zip(rows.chunks_exact_mut(SIDE)) {
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
    let mut out = rows.clone();
    for y in 0..SIDE {
        let (above, below) = (y.saturating_sub(1), (y + 1).min(SIDE - 1));
        let share = 1.0 / (below - above + 1) as f32;
        for x in 0..SIDE {
            out[y * SIDE + x] = [0, 1, 2].map(|c| {
                let sum: f32 = (above..=below).map(|j| rows[j * SIDE + x][c]).sum();
                sum * share
            });
        }
    }
    out
}

/// Brightness.
pub(crate) fn luma(c: Colour) -> f32 {
    0.299 * c[0] + 0.587 * c[1] + 0.114 * c[2]
}

/// White, goal and walls.
pub(crate) struct Board {
    /// As the environment draws it, and [`smoothed`].
    pub(crate) colour: Vec<Colour>,
    pub(crate) smooth: Vec<Colour>,
    /// True where a wall may be seen, one pixel more to both sides.
    pub(crate) wall: Vec<bool>,
    /// Pixels where the board is white over 5 × 5 pixels.
    pub(crate) open: Vec<usize>,
    /// Goal's border, walls left out: pixels whose 3 × 3 neighbours differ.
    pub(crate) edge: Vec<usize>,
}

impl Board {
    pub(crate) fn new(goal: Pose) -> Result<Self, RenderError> {
        // What is not finite is not drawn.
        let nowhere = Pose::new(f64::NAN, 0.0, 0.0);
        let mut renderer = Renderer::new(SIDE as u32, FillRule::default())?;
        let mut draw = |goal| renderer.render(&Scene::new([f64::NAN; 2], nowhere, goal));
        let (board, bare) = (colours(&draw(goal)), draw(nowhere));
        let inner = RIM..SIDE - RIM;
        let wall = |at: usize| !inner.contains(&(at % SIDE)) || !inner.contains(&(at / SIDE));
        debug_assert!((0..SIDE * SIDE).all(|at| wall(at) || bare.as_raw()[3 * at] == 255));
        let constant = |at: usize, reach: usize| {
            let around = |i: usize| i.saturating_sub(reach)..(i + reach + 1).min(SIDE);
            around(at / SIDE).all(|y| around(at % SIDE).all(|x| board[y * SIDE + x] == board[at]))
        };
        let all = 0..SIDE * SIDE;
        Ok(Self {
            smooth: smoothed(&board),
            wall: all.clone().map(wall).collect(),
            open: (all
                .clone()
                .filter(|&at| !wall(at) && board[at] == WHITE && constant(at, 2)))
            .collect(),
            edge: all.filter(|&at| !wall(at) && !constant(at, 1)).collect(),
            colour: board,
        })
    }
}

/// The pixels of a frame as numbers.
pub(crate) fn colours(frame: &Frame) -> Vec<Colour> {
    frame.pixels().map(|p| p.0.map(f32::from)).collect()
}
