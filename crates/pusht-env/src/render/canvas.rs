//! The kept pixels of the 512 × 512 surface, and the operations that write them.

use super::grid::{BOARD, Grid};
use std::ops::Range;

/// A color as `0x00BBGGRR`, so that its little-endian bytes are red, green, blue.
pub(super) type Color = u32;

/// The color of these three channels.
pub(super) const fn rgb(r: u8, g: u8, b: u8) -> Color {
    u32::from_le_bytes([r, g, b, 0])
}

/// Kept rows and columns, as ranges of indices of the grid.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Region {
    pub(super) columns: Range<usize>,
    pub(super) rows: Range<usize>,
}

/// Kept pixels of the surface. All coordinates are those of the 512 × 512 surface; pixels outside it, or not kept, are
/// dropped.
#[derive(Clone, Debug)]
pub(super) struct Canvas {
    grid: Grid,
    pixels: Vec<Color>,
    /// Per kept row the start and end of the polygon that is being filled; kept between calls to save allocations.
    pub(super) ends: Vec<[i32; 2]>,
}

impl Canvas {
    /// A canvas of one color.
    pub(super) fn new(grid: Grid, color: Color) -> Self {
        let side = grid.len();
        Self {
            grid,
            pixels: vec![color; side * side],
            ends: vec![[0; 2]; side],
        }
    }

    /// Fills everything.
    pub(super) fn fill(&mut self, color: Color) {
        self.pixels.fill(color);
    }

    pub(super) fn grid(&self) -> &Grid {
        &self.grid
    }

    /// Kept pixels of one kept row.
    pub(super) fn row(&self, place: usize) -> &[Color] {
        let side = self.grid.len();
        &self.pixels[place * side..(place + 1) * side]
    }

    /// The region of the surface's rectangle between two corners, corners included.
    pub(super) fn region(&self, low: [i32; 2], high: [i32; 2]) -> Region {
        Region {
            columns: self.grid.places(low[0], high[0]),
            rows: self.grid.places(low[1], high[1]),
        }
    }

    /// Draws the horizontal span between two columns, both included, in either order.
    pub(super) fn hline(&mut self, x1: i32, y: i32, x2: i32, color: Color) {
        if let Some(row) = self.grid.place(y) {
            self.fill_row(row, x1.min(x2), x1.max(x2), color);
        }
    }

    /// Fills columns `first..=last` of the kept row at `place`.
    pub(super) fn fill_row(&mut self, place: usize, first: i32, last: i32, color: Color) {
        let columns = self.grid.places(first, last);
        if columns.start < columns.end {
            let start = place * self.grid.len();
            self.pixels[start + columns.start..start + columns.end].fill(color);
        }
    }

    /// Draws the vertical span between two rows, both included, `first <= last`.
    pub(super) fn vline(&mut self, x: i32, first: i32, last: i32, color: Color) {
        if let Some(column) = self.grid.place(x) {
            let side = self.grid.len();
            for row in self.grid.places(first, last) {
                self.pixels[row * side + column] = color;
            }
        }
    }

    /// Mixes `color` into one pixel, in the reference's float32 arithmetic, truncated.
    pub(super) fn blend(&mut self, x: i32, y: i32, color: Color, brightness: f32) {
        let (Some(column), Some(row)) = (self.grid.place(x), self.grid.place(y)) else {
            return;
        };
        let pixel = &mut self.pixels[row * self.grid.len() + column];
        let (new, old) = (color.to_le_bytes(), pixel.to_le_bytes());
        let mix = |c: usize| (brightness * f32::from(new[c]) + (1.0 - brightness) * f32::from(old[c])) as u8;
        *pixel = rgb(mix(0), mix(1), mix(2));
    }

    /// Copies a region from another canvas of the same grid.
    pub(super) fn copy_region(&mut self, from: &Self, region: &Region) {
        let side = self.grid.len();
        for row in region.rows.clone() {
            let span = row * side + region.columns.start..row * side + region.columns.end.max(region.columns.start);
            self.pixels[span.clone()].copy_from_slice(&from.pixels[span]);
        }
    }

    /// Copies, within a region, the pixels that have `color` in another canvas of the same grid.
    pub(super) fn copy_color(&mut self, from: &Self, region: &Region, color: Color) {
        let side = self.grid.len();
        for row in region.rows.clone() {
            for column in region.columns.clone() {
                if from.pixels[row * side + column] == color {
                    self.pixels[row * side + column] = color;
                }
            }
        }
    }
}

/// Whether a point is on the surface.
pub(super) fn on_board(x: i32, y: i32) -> bool {
    (0..BOARD).contains(&x) && (0..BOARD).contains(&y)
}
