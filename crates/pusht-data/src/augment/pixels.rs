//! The same transforms on images, through a table that is computed once per transform and size.

use pusht_env::Frame;

use super::Transform;

/// Fixed-point unit of the bilinear weights along one axis (the weights of a pixel's block sum to its square): results
/// are integer arithmetic, the same on every machine.
const ONE: u32 = 1 << 8;

/// A transform of square images of one size.
#[derive(Clone, Debug)]
pub struct FrameTransform {
    size: u32,
    table: Table,
}

#[derive(Clone, Debug)]
enum Table {
    /// Source pixel of every output pixel.
    Permute(Vec<u32>),
    /// A 2 × 2 block of source pixels for every output pixel.
    Blend(Vec<Block>),
}

/// The block's upper left pixel (as a byte offset) and the weights of its pixels, row by row; they sum to [`ONE`]²
/// inside the image, and weight missing from that sum counts as white.
#[derive(Clone, Copy, Debug)]
struct Block {
    offset: u32,
    weights: [u32; 4],
}

impl FrameTransform {
    /// The table for images of `size` × `size`.
    pub fn new(transform: &Transform, size: u32) -> Self {
        let back = transform.inverse().matrix();
        let middle = (f64::from(size) - 1.0) / 2.0;
        let source = |i: u32| {
            let d = [f64::from(i % size) - middle, f64::from(i / size) - middle];
            [0, 1].map(|k| middle + (back[k][0] * d[0] + back[k][1] * d[1]))
        };
        let n = size * size;
        let table = if transform.is_exact() || size < 2 {
            let index = |i| {
                let [x, y] = source(i);
                y as u32 * size + x as u32
            };
            Table::Permute((0..n).map(index).collect())
        } else {
            Table::Blend((0..n).map(|i| Block::around(source(i), size)).collect())
        };
        Self { size, table }
    }

    /// Writes the transformed image; both buffers hold `size` × `size` × 3 bytes.
    pub(crate) fn apply(&self, from: &[u8], to: &mut [u8]) {
        match &self.table {
            Table::Permute(table) => {
                for (pixel, &source) in to.chunks_exact_mut(3).zip(table) {
                    let s = source as usize * 3;
                    pixel.copy_from_slice(&from[s..s + 3]);
                }
            }
            Table::Blend(table) => {
                let stride = self.size as usize * 3;
                for (pixel, block) in to.chunks_exact_mut(3).zip(table) {
                    let upper = &from[block.offset as usize..][..6];
                    let lower = &from[block.offset as usize + stride..][..6];
                    let w = block.weights;
                    for c in 0..3 {
                        // Blends darkness (255 − value), so that missing weight counts as white.
                        let dark = [upper[c], upper[c + 3], lower[c], lower[c + 3]].map(|v| u32::from(!v));
                        let sum = w[0] * dark[0] + w[1] * dark[1] + w[2] * dark[2] + w[3] * dark[3];
                        pixel[c] = !(((sum + ONE * ONE / 2) / (ONE * ONE)) as u8);
                    }
                }
            }
        }
    }

    /// The transformed image.
    ///
    /// # Errors
    /// An image of another size.
    pub fn frame(&self, frame: &Frame) -> Result<Frame, NotSquare> {
        if frame.dimensions() != (self.size, self.size) {
            return Err(NotSquare {
                found: frame.dimensions(),
                expected: self.size,
            });
        }
        let mut out = Frame::new(self.size, self.size);
        self.apply(frame.as_raw(), &mut out);
        Ok(out)
    }
}

impl Block {
    /// The pixels around a position. At the border the block is moved inside, and weights of pixels outside are
    /// dropped.
    fn around(place: [f64; 2], size: u32) -> Self {
        let last = i64::from(size) - 1;
        let axis = |x: f64| {
            let low = x.floor();
            let high_part = ((x - low) * f64::from(ONE)).round() as u32;
            let block = (low as i64).clamp(0, last - 1);
            let mut parts = [0; 2];
            for (pixel, part) in [(low as i64, ONE - high_part), (low as i64 + 1, high_part)] {
                if (0..=last).contains(&pixel) {
                    parts[(pixel - block) as usize] = part;
                }
            }
            (block as u32, parts)
        };
        let ((x, px), (y, py)) = (axis(place[0]), axis(place[1]));
        Self {
            offset: (y * size + x) * 3,
            weights: [px[0] * py[0], px[1] * py[0], px[0] * py[1], px[1] * py[1]],
        }
    }
}

/// Error for an image that is not square or of another size.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the image is {found:?} px; expected {expected} × {expected}: only square images can be flipped and turned")]
pub struct NotSquare {
    /// Width and height found.
    pub found: (u32, u32),
    /// Width and height expected.
    pub expected: u32,
}
