//! Convolution of small and medium maps, image by image, with tiles that stay in registers. What an image becomes does
//! not depend, bit for bit, on the others in the batch.

use std::cell::Cell;

use rayon::prelude::*;

use super::geometry::Geometry;
use super::planes::Planes;
use super::tile::{Gradient, Product, gradient, lanes, product};
use crate::simd::Level;

/// Columns of a task of the forward pass: smaller maps are taken together.
const COLUMNS: usize = 64;
/// Columns of a task of the weights' gradient.
const GRADIENT_COLUMNS: usize = 1024;
/// Outputs whose gradients stay in the cache while all taps are gone through.
const GRADIENT_ROWS: usize = 96;
/// Outputs that threads share are split at multiples of this: of the rows of all tiles.
const SHARE: usize = 12;
/// Largest U of an image, values.
const LARGEST: usize = 1 << 20;
/// A vector is this long at most; maps are multiples of it.
const VECTOR: usize = 16;

thread_local! {
    /// Buffer for U.
    static PLANES: Cell<Vec<f32>> = const { Cell::new(Vec::new()) };
}

/// Calls `f` with a buffer of the thread, of which `length` values are there, beginning where a cache line does: vectors
/// that lie across two lines take twice as long to load.
fn with_buffer<R>(length: usize, f: impl FnOnce(&mut [f32]) -> R) -> R {
    let mut buffer = PLANES.take();
    if buffer.len() < length + VECTOR {
        buffer.resize(length + VECTOR, 0.0);
    }
    let first = buffer.as_ptr().align_offset(4 * VECTOR).min(VECTOR);
    let result = f(&mut buffer[first..first + length]);
    PLANES.set(buffer);
    result
}

/// A convolution that is computed this way.
pub(super) struct Direct {
    geometry: Geometry,
    planes: Planes,
    level: Level,
}

impl Direct {
    /// Returns `None` for maps that are not whole vectors, or too large.
    pub(super) fn new(geometry: Geometry) -> Option<Self> {
        if !geometry.positions().is_multiple_of(VECTOR) {
            return None;
        }
        let planes = Planes::new(geometry);
        (planes.image() <= LARGEST).then_some(Self {
            geometry,
            planes,
            level: Level::best(),
        })
    }

    /// Number of images of a task with about `columns` columns.
    fn images(&self, columns: usize) -> usize {
        columns.div_ceil(self.geometry.positions()).min(self.geometry.batch)
    }

    /// Writes the planes of some images.
    fn fill(&self, x: &[f32], planes: &mut [f32]) {
        let channels = x.chunks_exact(self.geometry.plane());
        for (x, planes) in channels.zip(planes.chunks_exact_mut(self.planes.channel())) {
            self.planes.fill(x, planes);
        }
    }

    /// [`Self::fill`] with all threads.
    fn fill_together(&self, x: &[f32], planes: &mut [f32]) {
        planes
            .par_chunks_exact_mut(self.planes.channel())
            .zip(x.par_chunks_exact(self.geometry.plane()))
            .with_min_len(16)
            .for_each(|(planes, x)| self.planes.fill(x, planes));
    }

    /// Where the vectors of `images` images begin in an image's planes, and in the first channel of Y.
    fn vectors(&self, images: usize) -> Vec<[usize; 2]> {
        let positions = self.geometry.positions();
        let lanes = lanes(self.level);
        (0..images)
            .flat_map(|image| {
                let (u, y) = (image * self.planes.image(), image * self.geometry.outputs * positions);
                (0..positions).step_by(lanes).map(move |at| [u + at, y + at])
            })
            .collect()
    }

    /// All tiles of some rows of W; `y` begins at the first of them.
    fn tiles(&self, of: &Product<'_>, vectors: &[[usize; 2]], y: &mut [f32]) {
        let mut rest = vectors;
        while !rest.is_empty() {
            let (mut row, mut done) = (0, 1);
            while row < of.bias.len() {
                let [rows, vectors] = product(self.level, of, row, rest, y);
                (row, done) = (row + rows, vectors);
            }
            rest = &rest[done..];
        }
    }

    /// Y, `[batch, outputs, height, width]`; x, the weights and the bias in order.
    pub(super) fn forward(&self, x: &[f32], weights: &[f32], bias: Option<&[f32]>) -> Vec<f32> {
        let Geometry {
            batch, inputs, outputs, ..
        } = self.geometry;
        let (positions, plane) = (self.geometry.positions(), self.geometry.plane());
        let zeros;
        let bias = match bias {
            Some(bias) => bias,
            None => {
                zeros = vec![0.0; outputs];
                &zeros
            }
        };
        let mut y = vec![0.0; batch * outputs * positions];
        let images = self.images(COLUMNS);
        if batch.div_ceil(images) >= rayon::current_num_threads() {
            let vectors = self.vectors(images);
            let tasks = y.par_chunks_mut(images * outputs * positions);
            tasks.zip(x.par_chunks(images * inputs * plane)).for_each(|(y, x)| {
                let images = x.len() / (inputs * plane);
                with_buffer(images * self.planes.image(), |u| {
                    self.fill(x, u);
                    let of = Product {
                        weights,
                        bias,
                        u,
                        taps: &self.planes.taps,
                        stride: positions,
                    };
                    let vectors = &vectors[..images * vectors.len() / self.images(COLUMNS)];
                    self.tiles(&of, vectors, y);
                });
            });
            return y;
        }
        // Few images: the threads share their outputs.
        let rows = self.planes.taps.len();
        let share = outputs.div_ceil(rayon::current_num_threads()).next_multiple_of(SHARE);
        let vectors = self.vectors(1);
        let mut u = vec![0.0; self.planes.image()];
        for (x, y) in x
            .chunks_exact(inputs * plane)
            .zip(y.chunks_exact_mut(outputs * positions))
        {
            self.fill_together(x, &mut u);
            y.par_chunks_mut(share * positions)
                .zip(weights.par_chunks(share * rows))
                .zip(bias.par_chunks(share))
                .for_each(|((y, weights), bias)| {
                    let of = Product {
                        weights,
                        bias,
                        u: &u,
                        taps: &self.planes.taps,
                        stride: positions,
                    };
                    self.tiles(&of, &vectors, y);
                });
        }
        y
    }

    /// ∂W, `[outputs, rows of U]`: sums over groups of images that follow from the shapes, added in order.
    pub(super) fn weight_gradient(&self, x: &[f32], dy: &[f32]) -> Vec<f32> {
        let Geometry {
            batch, inputs, outputs, ..
        } = self.geometry;
        let (positions, plane) = (self.geometry.positions(), self.geometry.plane());
        let rows = self.planes.taps.len();
        // A power of two, so that as many threads have equally much to do.
        let parts = (batch * positions).div_ceil(GRADIENT_COLUMNS).next_power_of_two();
        let images = batch.div_ceil(parts);
        let parts = x
            .par_chunks(images * inputs * plane)
            .zip(dy.par_chunks(images * outputs * positions));
        if parts.len() >= rayon::current_num_threads() {
            let part = |(x, dy): (&[f32], &[f32])| {
                let count = x.len() / (inputs * plane);
                let mut sums = vec![0.0; outputs * rows];
                let length = (count * self.planes.image()).next_multiple_of(VECTOR);
                with_buffer(length + dy.len(), |buffer| {
                    let (u, aligned) = buffer.split_at_mut(length);
                    self.fill(x, u);
                    // Each value is read for every few rows of U: worth a copy that begins where a cache line does.
                    aligned.copy_from_slice(dy);
                    self.gradient_tiles(u, aligned, 0, &mut sums);
                });
                sums
            };
            return added(parts.map(part).collect());
        }
        // Few parts: the threads share their outputs.
        let share = outputs.div_ceil(rayon::current_num_threads()).next_multiple_of(SHARE);
        let parts: Vec<(&[f32], &[f32])> = parts.collect();
        let part = |(x, dy): (&[f32], &[f32])| {
            let mut u = vec![0.0; x.len() / plane * self.planes.channel()];
            self.fill_together(x, &mut u);
            let mut sums = vec![0.0; outputs * rows];
            sums.par_chunks_mut(share * rows)
                .enumerate()
                .for_each(|(index, sums)| self.gradient_tiles(&u, dy, index * share, sums));
            sums
        };
        added(parts.into_iter().map(part).collect())
    }

    /// All tiles of the gradients of the outputs from `first` on, as many as `sums` has.
    fn gradient_tiles(&self, u: &[f32], dy: &[f32], first: usize, sums: &mut [f32]) {
        let positions = self.geometry.positions();
        let vectors = self.vectors(dy.len() / (self.geometry.outputs * positions));
        let of = Gradient {
            dy: &dy[first * positions..],
            rows: sums.len() / self.planes.taps.len(),
            u,
            taps: &self.planes.taps,
            vectors: &vectors,
            stride: positions,
        };
        let mut first = 0;
        while first < of.rows {
            let end = (first + GRADIENT_ROWS).min(of.rows);
            let (mut tap, mut row) = (0, first);
            while tap < of.taps.len() {
                let mut done = 1;
                row = first;
                while row < end {
                    let [rows, taps] = gradient(self.level, &of, row, tap, sums);
                    (row, done) = (row + rows, taps);
                }
                tap += done;
            }
            first = row;
        }
    }
}

/// The sum of equally long vectors, in order.
fn added(parts: Vec<Vec<f32>>) -> Vec<f32> {
    let mut parts = parts.into_iter();
    let mut sum = parts.next().unwrap_or_default();
    let rest: Vec<Vec<f32>> = parts.collect();
    sum.par_chunks_mut(4096).enumerate().for_each(|(chunk, sum)| {
        for part in &rest {
            for (sum, x) in sum.iter_mut().zip(&part[chunk * 4096..]) {
                *sum += *x;
            }
        }
    });
    sum
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests;
