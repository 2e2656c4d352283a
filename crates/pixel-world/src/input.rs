//! What the network sees of a step.

use burn::tensor::{Device, Tensor, TensorData};
use rayon::prelude::*;

use crate::palette::{IndexedFrame, Palette};
use crate::window::{Point, WINDOW, Window};

/// Side of a cell, px: the network's grid has one column for each cell.
pub const CELL: usize = 4;
/// Side of the grid, cells.
pub const GRID: usize = WINDOW / CELL;
/// Pixels of a cell.
pub const CELL_PIXELS: usize = CELL * CELL;
/// Number of values of one channel.
const PLANE: usize = GRID * GRID;
/// Standard deviation of the spot that marks a position, px.
const SPOT: f32 = 2.0;
/// Channels of the network's input: colors of the last frame, their change from the one before and their
/// difference from the rollout's first, a spot where the
/// agent is and one where it will be, for each pixel of a cell; column and row of the cell in the window; the window's
/// place in the frame.
pub const CHANNELS: usize = (3 + 3 + 3 + 1 + 1) * CELL_PIXELS + 2 + 2;

/// One step to predict.
#[derive(Clone, Debug)]
pub struct StepInput {
    /// The window's pixels in the first frame of the rollout.
    pub first: Vec<u8>,
    /// The window's pixels in the frame before the last.
    pub previous: Vec<u8>,
    /// The window's pixels in the last frame.
    pub current: Vec<u8>,
    /// The window.
    pub window: Window,
    /// Where the agent is.
    pub from: Point,
    /// Where it will be.
    pub to: Point,
}

impl StepInput {
    /// The step of whole frames, the rollout's first, the one before the last and the last: the window is around the
    /// agent.
    pub fn new(frames: [&IndexedFrame; 3], from: Point, to: Point) -> Self {
        Self::within(Window::around(from), frames, from, to)
    }

    /// The step in a given window.
    pub fn within(window: Window, [first, previous, current]: [&IndexedFrame; 3], from: Point, to: Point) -> Self {
        Self {
            first: window.cut(first),
            previous: window.cut(previous),
            current: window.cut(current),
            window,
            from,
            to,
        }
    }
}

/// The network's input, `[steps, CHANNELS, GRID, GRID]`.
pub fn input(steps: &[StepInput], palette: &Palette, device: &Device) -> Tensor<4> {
    // Levels in [-1, 1].
    let colors: Vec<[f32; 3]> = palette
        .colors()
        .iter()
        .map(|color| color.map(|level| f32::from(level) / 127.5 - 1.0))
        .collect();
    let mut values = vec![0.0_f32; steps.len() * CHANNELS * PLANE];
    values
        .par_chunks_exact_mut(CHANNELS * PLANE)
        .zip(steps)
        .for_each(|(values, step)| fill(values, step, &colors));
    Tensor::from_data(TensorData::new(values, [steps.len(), CHANNELS, GRID, GRID]), device)
}

/// Offset of a pixel of the window in a set of `CELL_PIXELS` planes.
pub fn place(x: usize, y: usize) -> usize {
    ((y % CELL) * CELL + x % CELL) * PLANE + (y / CELL) * GRID + x / CELL
}

fn fill(values: &mut [f32], step: &StepInput, colors: &[[f32; 3]]) {
    let (color, rest) = values.split_at_mut(3 * CELL_PIXELS * PLANE);
    let (change, rest) = rest.split_at_mut(3 * CELL_PIXELS * PLANE);
    let (memory, rest) = rest.split_at_mut(3 * CELL_PIXELS * PLANE);
    let (spots, rest) = rest.split_at_mut(2 * CELL_PIXELS * PLANE);
    let marks = [step.from, step.to].map(|point| Spot::new(point, step.window));
    for y in 0..WINDOW {
        for x in 0..WINDOW {
            let (at, pixel) = (place(x, y), y * WINDOW + x);
            let now = colors[usize::from(step.current[pixel])];
            let before = colors[usize::from(step.previous[pixel])];
            let first = colors[usize::from(step.first[pixel])];
            for channel in 0..3 {
                let at = channel * CELL_PIXELS * PLANE + at;
                color[at] = now[channel];
                change[at] = now[channel] - before[channel];
                memory[at] = now[channel] - first[channel];
            }
            for (k, mark) in marks.iter().enumerate() {
                spots[k * CELL_PIXELS * PLANE + at] = mark.columns[x] * mark.rows[y];
            }
        }
    }
    let [across, down] = step.window.place();
    let scale = 2.0 / (GRID - 1) as f32;
    for row in 0..GRID {
        for column in 0..GRID {
            let at = row * GRID + column;
            rest[at] = row as f32 * scale - 1.0;
            rest[PLANE + at] = column as f32 * scale - 1.0;
            rest[2 * PLANE + at] = across;
            rest[3 * PLANE + at] = down;
        }
    }
}

/// A Gaussian around a position, as the product of a row and a column.
struct Spot {
    columns: [f32; WINDOW],
    rows: [f32; WINDOW],
}

impl Spot {
    fn new(point: Point, window: Window) -> Self {
        let [left, top] = window.origin();
        let line = |center: f32| std::array::from_fn(|i| (-0.5 * ((i as f32 - center) / SPOT).powi(2)).exp());
        Self {
            columns: line(point[0] - left as f32),
            rows: line(point[1] - top as f32),
        }
    }
}
