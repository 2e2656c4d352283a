//! Shapes of a convolution.

use std::ops::Range;

/// Number of columns of U at which a product runs at full speed.
pub(super) const COLUMNS: usize = 512;

/// Largest U, in values (64 MiB); larger layers are left to Burn.
const LARGEST: usize = 1 << 24;

/// Shapes of one convolution.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Geometry {
    pub(super) batch: usize,
    pub(super) inputs: usize,
    pub(super) outputs: usize,
    /// Height and width of the input.
    pub(super) size: [usize; 2],
    /// Height and width of the output.
    pub(super) out: [usize; 2],
    pub(super) kernel: [usize; 2],
    pub(super) stride: [usize; 2],
    pub(super) padding: [usize; 2],
}

impl Geometry {
    /// Returns `None` if the input, weights and kernel do not fit together, or U would be too large.
    pub(super) fn new(x: [usize; 4], weight: [usize; 4], stride: [usize; 2], padding: [usize; 2]) -> Option<Self> {
        let [batch, inputs, height, width] = x;
        let [outputs, expected, tall, wide] = weight;
        let length = |size: usize, kernel: usize, stride: usize, padding: usize| {
            Some((size + 2 * padding).checked_sub(kernel)? / stride + 1)
        };
        let geometry = Self {
            batch,
            inputs,
            outputs,
            size: [height, width],
            out: [
                length(height, tall, stride[0], padding[0])?,
                length(width, wide, stride[1], padding[1])?,
            ],
            kernel: [tall, wide],
            stride,
            padding,
        };
        let fits = inputs == expected && x.iter().chain(&weight).all(|&n| n > 0);
        (fits && geometry.rows() * geometry.positions().max(COLUMNS) <= LARGEST).then_some(geometry)
    }

    /// Number of rows of U.
    pub(super) fn rows(&self) -> usize {
        self.inputs * self.taps()
    }

    /// Number of kernel positions.
    pub(super) fn taps(&self) -> usize {
        self.kernel[0] * self.kernel[1]
    }

    /// Number of output positions per image.
    pub(super) fn positions(&self) -> usize {
        self.out[0] * self.out[1]
    }

    /// Number of values per input channel.
    pub(super) fn plane(&self) -> usize {
        self.size[0] * self.size[1]
    }

    /// Returns true if the output has the size of the input and stride 1, so that each output plane is a shifted input
    /// plane.
    pub(super) fn keeps_size(&self) -> bool {
        self.stride == [1, 1] && self.out == self.size
    }

    /// Output columns whose input column lies within the image for the kernel's column `kx`.
    pub(super) fn inside(&self, kx: usize) -> Range<usize> {
        let first = self.padding[1].saturating_sub(kx).div_ceil(self.stride[1]);
        let end = (self.size[1] + self.padding[1])
            .saturating_sub(kx)
            .div_ceil(self.stride[1])
            .min(self.out[1]);
        first.min(end)..end
    }

    /// Input row of output row `oy` for the kernel's row `ky`, if it is not padding.
    pub(super) fn row(&self, oy: usize, ky: usize) -> Option<usize> {
        (oy * self.stride[0] + ky)
            .checked_sub(self.padding[0])
            .filter(|&iy| iy < self.size[0])
    }
}

/// Takes every `stride`-th value.
pub(super) fn take_every(stride: usize, from: &[f32], to: &mut [f32]) {
    match (stride, to.split_last_mut()) {
        // The compiler vectorizes pairs; the last one may be incomplete.
        (2, Some((last, to))) => {
            *last = from[2 * to.len()];
            for (to, [first, _]) in to.iter_mut().zip(from.as_chunks::<2>().0) {
                *to = *first;
            }
        }
        _ => {
            for (to, from) in to.iter_mut().zip(from.iter().step_by(stride)) {
                *to = *from;
            }
        }
    }
}
