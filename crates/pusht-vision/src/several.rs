//! Frames that show more than one board: side by side, one above the other, or in a grid.

use image::imageops::crop_imm;
use pusht_env::Frame;

/// Parts of a frame that could each show a board: the cells of a grid of this many columns and rows.
const GRIDS: [[u32; 2]; 5] = [[2, 1], [1, 2], [2, 2], [3, 1], [1, 3]];

/// Sides of parts that are looked at, px.
const LEAST: u32 = 24;

/// A part of a frame.
pub(crate) fn part(frame: &Frame, [left, upper]: [u32; 2], [width, height]: [u32; 2]) -> Frame {
    crop_imm(frame, left, upper, width, height).to_image()
}

/// The grids of cells into which a frame can be cut.
pub(crate) fn grids(frame: &Frame) -> impl Iterator<Item = Vec<Frame>> {
    let size = [frame.width(), frame.height()];
    GRIDS.into_iter().filter_map(move |cells| {
        let cell = [size[0] / cells[0], size[1] / cells[1]];
        let places = (0..cells[0]).flat_map(|x| (0..cells[1]).map(move |y| [x * cell[0], y * cell[1]]));
        (cell.iter().all(|&side| side >= LEAST)).then(|| places.map(|corner| part(frame, corner, cell)).collect())
    })
}

/// The strips of a frame on the four sides of a board whose edges are left and right, upper and lower.
pub(crate) fn strips(frame: &Frame, [[left, right], [upper, lower]]: [[f64; 2]; 2]) -> Vec<Frame> {
    let (width, height) = frame.dimensions();
    let within = |edge: f64, side: u32| edge.round().clamp(0.0, f64::from(side)) as u32;
    let [left, right] = [left, right].map(|edge| within(edge, width));
    let [upper, lower] = [upper, lower].map(|edge| within(edge, height));
    let strips = [
        ([0, 0], [left, height]),
        ([right, 0], [width - right, height]),
        ([0, 0], [width, upper]),
        ([0, lower], [width, height - lower]),
    ];
    let wide = strips
        .into_iter()
        .filter(|(_, size)| size.iter().all(|&side| side >= LEAST));
    wide.map(|(corner, size)| part(frame, corner, size)).collect()
}
