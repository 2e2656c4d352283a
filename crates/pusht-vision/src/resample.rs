//! Resamples frames to the 96 × 96 images that the tracker reads. Each pixel of an image is computed from four pixels
//! of the frame, a small part of the pixels of a large frame.

use crate::bilinear::Between;
use crate::board::{SIDE, sample};
use crate::registration::Registration;
use pusht_env::Frame;

/// A row of a frame at the columns that are sampled: 96 lower ones, then 96 higher ones, in red, green and blue.
type Row = [[u8; 2 * SIDE]; 3];

impl Registration {
    /// Resamples the frame to the 96 × 96 image of the board that the tracker reads; the area outside the frame is
    /// white.
    pub fn resample(&self, frame: &Frame) -> Frame {
        let (width, height) = frame.dimensions();
        if self.is_identity() && [width, height] == [SIDE as u32; 2] {
            return frame.clone();
        }
        let pixels = frame.as_raw().as_chunks::<3>().0;
        self.resample_with(frame.dimensions(), |y, columns, [red, green, blue]| {
            let row = &pixels[y * width as usize..];
            for (&x, ((red, green), blue)) in columns.iter().zip(red.iter_mut().zip(green).zip(blue)) {
                [*red, *green, *blue] = row[x];
            }
        })
    }

    /// As [`Registration::resample`], for a frame of size `size` that is not stored as RGB: `read` is passed a row and
    /// columns, and writes red, green and blue of these pixels. Only the pixels that are needed are read.
    pub fn resample_with(&self, size: (u32, u32), mut read: impl FnMut(usize, &[usize], [&mut [u8]; 3])) -> Frame {
        let mut out = vec![[255; 3]; SIDE * SIDE];
        let side = SIDE as u32;
        if self.is_identity() && size == (side, side) {
            let columns: [usize; SIDE] = std::array::from_fn(|i| i);
            let [mut red, mut green, mut blue] = [[0; SIDE]; 3];
            for (y, out) in out.chunks_exact_mut(SIDE).enumerate() {
                read(y, &columns, [&mut red, &mut green, &mut blue]);
                interleave([&red, &green, &blue], out);
            }
            return picture(out);
        }
        let places = |axis: usize, side: u32| -> [Option<Between>; SIDE] {
            std::array::from_fn(|i| Between::new(self.along(axis, sample(i)), side as usize))
        };
        let (across, down) = (places(0, size.0), places(1, size.1));
        // Columns outside the frame read some pixel and are then made white.
        let mut columns = [0; 2 * SIDE];
        let mut shares = [0.0; SIDE];
        for (i, between) in across.iter().enumerate() {
            if let Some(between) = between {
                (columns[i], columns[SIDE + i], shares[i]) = (between.low, between.high, between.share);
            }
        }
        let mut rows: [Row; 2] = [[[0; 2 * SIDE]; 3]; 2];
        for (between, out) in down.iter().zip(out.chunks_exact_mut(SIDE)) {
            let Some(between) = between else {
                continue;
            };
            for (row, y) in rows.iter_mut().zip([between.low, between.high]) {
                read(y, &columns, row.each_mut().map(|levels| &mut levels[..]));
            }
            let [upper, lower] = &rows;
            let mut levels = [[0; SIDE]; 3];
            for (channel, levels) in levels.iter_mut().enumerate() {
                mix(&upper[channel], &lower[channel], &shares, between.share, levels);
            }
            let [red, green, blue] = &levels;
            interleave([red, green, blue], out);
            for (out, _) in out.iter_mut().zip(&across).filter(|(_, between)| between.is_none()) {
                *out = [255; 3];
            }
        }
        picture(out)
    }
}

/// Interpolates one channel of a row of the image: between columns by `shares`, between rows by `down`.
fn mix(upper: &[u8; 2 * SIDE], lower: &[u8; 2 * SIDE], shares: &[f32; SIDE], down: f32, out: &mut [u8; SIDE]) {
    let along = |row: &[u8; 2 * SIDE], i: usize| {
        let [low, high] = [row[i], row[SIDE + i]].map(f32::from);
        low + shares[i] * (high - low)
    };
    for (i, out) in out.iter_mut().enumerate() {
        let (upper, lower) = (along(upper, i), along(lower, i));
        *out = level(upper + down * (lower - upper));
    }
}

fn interleave([red, green, blue]: [&[u8; SIDE]; 3], out: &mut [[u8; 3]]) {
    for (out, ((&r, &g), &b)) in out.iter_mut().zip(red.iter().zip(green).zip(blue)) {
        *out = [r, g, b];
    }
}

fn picture(pixels: Vec<[u8; 3]>) -> Frame {
    Frame::from_raw(SIDE as u32, SIDE as u32, pixels.into_flattened()).unwrap_or_default()
}

/// Rounds a number from 0 to 255 to the nearest level, halves up. It avoids the saturating conversion, which the
/// compiler does not vectorize.
#[inline]
fn level(x: f32) -> u8 {
    /// From here on floats are whole numbers in steps of 1.
    const WHOLE: f32 = (1 << 23) as f32;
    // Rounds to the nearest, halves to even.
    let near = x + WHOLE;
    let half = x - (near - WHOLE) >= 0.5;
    (near.to_bits() as u8).wrapping_add(u8::from(half))
}

#[cfg(test)]
#[path = "../tests/unit/resample.rs"]
mod tests;
