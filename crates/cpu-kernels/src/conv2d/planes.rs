//! U without copies of copies: rows of U that differ only by whole rows of the map are windows of the same plane.
//!
//! For each channel, each column of the kernel and each phase of the vertical stride there is one plane, in which the
//! rows of the input that a kernel's row sees follow each other; a row of U begins at an offset in it.

use super::geometry::{Geometry, take_every};
use super::tile::Taps;

/// How the planes of a convolution lie in a buffer.
#[derive(Clone, Debug)]
pub(super) struct Planes {
    geometry: Geometry,
    /// Rows of a plane.
    rows: usize,
    /// Shift of the first row, output rows.
    first: isize,
    /// Vertical phases that occur.
    phases: Vec<usize>,
    pub(super) taps: Taps,
}

impl Planes {
    pub(super) fn new(geometry: Geometry) -> Self {
        let [tall, wide] = geometry.kernel;
        let stride = geometry.stride[0] as isize;
        // Input row of output row y: stride · (y + shift) + phase.
        let places: Vec<(isize, usize)> = (0..tall)
            .map(|ky| ky as isize - geometry.padding[0] as isize)
            .map(|to| (to.div_euclid(stride), to.rem_euclid(stride) as usize))
            .collect();
        let first = places.iter().map(|(shift, _)| *shift).min().unwrap_or(0);
        let last = places.iter().map(|(shift, _)| *shift).max().unwrap_or(0);
        let mut phases: Vec<usize> = places.iter().map(|(_, phase)| *phase).collect();
        phases.sort_unstable();
        phases.dedup();
        let rows = geometry.out[0] + (last - first) as usize;
        let plane = rows * geometry.out[1];
        let mut offsets = Vec::with_capacity(geometry.rows());
        for channel in 0..geometry.inputs {
            for (shift, phase) in &places {
                let phase = phases.iter().position(|p| p == phase).unwrap_or(0);
                for kx in 0..wide {
                    let at = (channel * phases.len() + phase) * wide + kx;
                    offsets.push(at * plane + (shift - first) as usize * geometry.out[1]);
                }
            }
        }
        Self {
            geometry,
            rows,
            first,
            phases,
            taps: Taps::new(offsets),
        }
    }

    /// Number of values of an image's planes.
    pub(super) fn image(&self) -> usize {
        self.channel() * self.geometry.inputs
    }

    /// Number of values of a channel's planes.
    pub(super) fn channel(&self) -> usize {
        self.phases.len() * self.geometry.kernel[1] * self.rows * self.geometry.out[1]
    }

    /// Writes the planes of one channel.
    pub(super) fn fill(&self, x: &[f32], planes: &mut [f32]) {
        let [_, width] = self.geometry.out;
        let wide = self.geometry.kernel[1];
        for (index, plane) in planes.chunks_exact_mut(self.rows * width).enumerate() {
            let (phase, kx) = (self.phases[index / wide], index % wide);
            if self.geometry.stride == [1, 1] && width == self.geometry.size[1] {
                self.fill_shifted(kx, x, plane);
            } else {
                self.fill_rows(phase, kx, x, plane);
            }
        }
    }

    /// A plane whose rows are those of the input moved sideways: one copy, then the ends of rows are cleared.
    fn fill_shifted(&self, kx: usize, x: &[f32], plane: &mut [f32]) {
        let (width, padding) = (self.geometry.out[1], self.geometry.padding[1]);
        // Where the input's first value lies in the plane; values before the plane's start are left out.
        let at = -self.first * width as isize + padding as isize - kx as isize;
        let (to, from) = (at.max(0) as usize, (-at).max(0) as usize);
        let to = to.min(plane.len());
        let length = x.len().saturating_sub(from).min(plane.len() - to);
        plane[..to].fill(0.0);
        plane[to..to + length].copy_from_slice(&x[from..from + length]);
        plane[to + length..].fill(0.0);
        let inside = self.geometry.inside(kx);
        for column in (0..inside.start).chain(inside.end..width) {
            for value in plane[column..].iter_mut().step_by(width) {
                *value = 0.0;
            }
        }
    }

    fn fill_rows(&self, phase: usize, kx: usize, x: &[f32], plane: &mut [f32]) {
        let ([height, width], [down, across]) = (self.geometry.size, self.geometry.stride);
        let inside = self.geometry.inside(kx);
        for (row, plane) in plane.chunks_exact_mut(self.geometry.out[1]).enumerate() {
            let y = down as isize * (row as isize + self.first) + phase as isize;
            if y < 0 || y >= height as isize || inside.is_empty() {
                plane.fill(0.0);
                continue;
            }
            plane[..inside.start].fill(0.0);
            plane[inside.end..].fill(0.0);
            let x = &x[y as usize * width + inside.start * across + kx - self.geometry.padding[1]..];
            take_every(across, x, &mut plane[inside.clone()]);
        }
    }
}
