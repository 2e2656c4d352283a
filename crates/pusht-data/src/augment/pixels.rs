//! The same transforms on pictures, through a table that is made once a transform and size.

use pusht_env::Frame;

use super::Transform;

/// Fixed-point one of the bilinear weights along one axis (weights of pixels sum to its square): results are
/// whole-number arithmetic, the same on every machine.
const ONE: u32 = 1 << 10;

/// A transform of square pictures of one size.
#[derive(Clone, Debug)]
pub struct FrameTransform {
    size: u32,
    table: Table,
}

#[derive(Clone, Debug)]
enum Table {
    /// Source pixel of every pixel.
    Permute(Vec<u32>),
    /// Four source pixels of every pixel with weights that sum to [`ONE`]² inside; the missing rest is white.
    Blend(Vec<[(u32, u32); 4]>),
}

impl FrameTransform {
    /// The table for pictures of `size` × `size`.
    pub fn new(transform: &Transform, size: u32) -> Self {
        let back = transform.inverse().matrix();
        let middle = (f64::from(size) - 1.0) / 2.0;
        let source = |i: u32| {
            let d = [f64::from(i % size) - middle, f64::from(i / size) - middle];
            [0, 1].map(|k| middle + (back[k][0] * d[0] + back[k][1] * d[1]))
        };
        let n = size * size;
        let table = if transform.is_exact() {
            let index = |i| {
                let [x, y] = source(i);
                y as u32 * size + x as u32
            };
            Table::Permute((0..n).map(index).collect())
        } else {
            Table::Blend((0..n).map(|i| blend(source(i), size)).collect())
        };
        Self { size, table }
    }

    /// Writes the transformed picture; both hold `size` × `size` × 3 bytes.
    pub(crate) fn apply(&self, from: &[u8], to: &mut [u8]) {
        match &self.table {
            Table::Permute(table) => {
                for (pixel, &source) in to.chunks_exact_mut(3).zip(table) {
                    let s = source as usize * 3;
                    pixel.copy_from_slice(&from[s..s + 3]);
                }
            }
            Table::Blend(table) => {
                for (pixel, sources) in to.chunks_exact_mut(3).zip(table) {
                    // Darkness (255 − value) is blended, so that what is missing outside counts as white.
                    let mut dark = [ONE * ONE / 2; 3];
                    for &(source, weight) in sources {
                        let s = source as usize * 3;
                        for c in 0..3 {
                            dark[c] += weight * u32::from(255 - from[s + c]);
                        }
                    }
                    for c in 0..3 {
                        pixel[c] = 255 - (dark[c] / (ONE * ONE)) as u8;
                    }
                }
            }
        }
    }

    /// The transformed picture.
    ///
    /// # Errors
    /// A picture of another size.
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

/// The four pixels around a place and their weights; pixels outside get weight 0.
fn blend(place: [f64; 2], size: u32) -> [(u32, u32); 4] {
    let low = place.map(f64::floor);
    let high_part = [0, 1].map(|k| ((place[k] - low[k]) * f64::from(ONE)).round() as u32);
    [(0, 0), (1, 0), (0, 1), (1, 1)].map(|(dx, dy)| {
        let x = low[0] as i64 + i64::from(dx);
        let y = low[1] as i64 + i64::from(dy);
        let part = |k: usize, d: u32| if d == 1 { high_part[k] } else { ONE - high_part[k] };
        let inside = (0..i64::from(size)).contains(&x) && (0..i64::from(size)).contains(&y);
        if inside {
            (y as u32 * size + x as u32, part(0, dx) * part(1, dy))
        } else {
            (0, 0)
        }
    })
}

/// A picture that cannot be turned.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "the picture is {found:?} px; expected {expected} × {expected}: only square pictures can be flipped and turned"
)]
pub struct NotSquare {
    /// Width and height found.
    pub found: (u32, u32),
    /// Width and height expected.
    pub expected: u32,
}
