//! Output pixels from the kept pixels of the surface: OpenCV's fixed-point bilinear interpolation.

use super::canvas::{Canvas, Region};
use super::grid::{Grid, Tap};

/// Writes the output pixels that read a pixel of `region`; `out` is the whole image.
pub(super) fn resample(canvas: &Canvas, region: &Region, out: &mut [u8]) {
    let grid = canvas.grid();
    let width = grid.columns.len();
    let columns = Grid::readers(&grid.columns, &region.columns);
    for j in Grid::readers(&grid.rows, &region.rows) {
        let vertical = grid.rows[j];
        let [upper, lower] = vertical.at.map(|row| canvas.row(usize::from(row)));
        let pixels = &mut out[3 * (j * width + columns.start)..3 * (j * width + columns.end)];
        for (pixel, horizontal) in pixels.chunks_exact_mut(3).zip(&grid.columns[columns.clone()]) {
            let [left, right] = horizontal.at.map(usize::from);
            let four = [upper[left], upper[right], lower[left], lower[right]];
            // Four equal colors mix to that color exactly: the weights add up exactly, and rounding loses less than
            // half.
            let mixed = if four.iter().all(|&c| c == four[0]) {
                four[0].to_le_bytes()
            } else {
                mix(four.map(u32::to_le_bytes), horizontal, &vertical)
            };
            pixel.copy_from_slice(&mixed[..3]);
        }
    }
}

fn mix(four: [[u8; 4]; 4], horizontal: &Tap, vertical: &Tap) -> [u8; 4] {
    let [left, right] = horizontal.weight;
    let [above, below] = vertical.weight;
    [0, 1, 2, 3].map(|c| {
        let [h0, h1] = [0, 2].map(|row| (u32::from(four[row][c]) * left + u32::from(four[row + 1][c]) * right) >> 4);
        ((((above * h0) >> 16) + ((below * h1) >> 16) + 2) >> 2) as u8
    })
}
