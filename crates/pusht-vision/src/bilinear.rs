//! Bilinear interpolation of colors. Columns and rows are looked up once each, not once per point, as a map of the
//! board has one scale and one offset per axis.

use pusht_env::Frame;

/// Position of a coordinate between two pixels of an axis.
#[derive(Clone, Copy)]
pub(crate) struct Between {
    pub(crate) low: usize,
    pub(crate) high: usize,
    /// Weight of the higher pixel.
    pub(crate) share: f32,
}

impl Between {
    /// Position of a coordinate (pixel centers at whole numbers) on an axis with `side` pixels; `None` if it is more
    /// than half a pixel outside.
    pub(crate) fn new(v: f64, side: usize) -> Option<Self> {
        if !(-0.51..side as f64 - 0.49).contains(&v) {
            return None;
        }
        let v = v.clamp(0.0, (side - 1) as f64);
        // The conversion rounds down, as the value is not negative.
        let low = (v as usize).min(side.saturating_sub(2));
        Some(Self {
            low,
            high: (low + 1).min(side - 1),
            share: (v - low as f64) as f32,
        })
    }
}

/// A frame with four bytes per pixel, for fast sampling: four numbers fit one register.
pub(crate) struct Pixels {
    size: [usize; 2],
    pixels: Vec<[u8; 4]>,
}

impl Pixels {
    pub(crate) fn new(frame: &Frame) -> Self {
        Self {
            size: [frame.width() as usize, frame.height() as usize],
            pixels: frame.pixels().map(|p| [p[0], p[1], p[2], 0]).collect(),
        }
    }

    /// Each pixel replaced by the mean of `widths` px around it, across and down.
    pub(crate) fn averaged(&self, widths: [usize; 2]) -> Self {
        let [width, height] = self.size;
        let rows = (0..height).flat_map(|y| mean(&self.pixels[y * width..(y + 1) * width], widths[0]));
        let across: Vec<[u8; 4]> = rows.collect();
        let mut pixels = across.clone();
        for x in 0..width {
            let column: Vec<[u8; 4]> = (0..height).map(|y| across[y * width + x]).collect();
            for (y, pixel) in mean(&column, widths[1]).into_iter().enumerate() {
                pixels[y * width + x] = pixel;
            }
        }
        Self { pixels, ..*self }
    }

    /// Width and height.
    pub(crate) fn size(&self) -> [usize; 2] {
        self.size
    }

    /// The two rows around a position.
    pub(crate) fn rows(&self, between: Between) -> Rows<'_> {
        let row = |y: usize| &self.pixels[y * self.size[0]..(y + 1) * self.size[0]];
        Rows {
            upper: row(between.low),
            lower: row(between.high),
            share: between.share,
        }
    }
}

/// Means of a line of pixels over `width` px, which are fewer at its ends.
fn mean(line: &[[u8; 4]], width: usize) -> Vec<[u8; 4]> {
    // Sums of all pixels before each one. A mean over an even number has half of the two outer ones.
    let mut sums = vec![[0.0_f32; 4]];
    let mut sum = [0.0_f32; 4];
    for pixel in line {
        for (sum, &level) in sum.iter_mut().zip(pixel) {
            *sum += f32::from(level);
        }
        sums.push(sum);
    }
    let part = |center: usize, half: usize| {
        let (low, high) = (center.saturating_sub(half), (center + half + 1).min(line.len()));
        std::array::from_fn::<f32, 4, _>(|c| (sums[high][c] - sums[low][c]) / (high - low) as f32)
    };
    let narrow = width.saturating_sub(1) / 2;
    let wide = width / 2;
    // Shares by which both count: a mean over 2 n pixels is that of those over 2 n - 1 and 2 n + 1.
    let weights = [narrow, wide].map(|half| (2 * half + 1) as f32);
    let of = |center: usize| {
        let (a, b) = (part(center, narrow), part(center, wide));
        std::array::from_fn(|c| {
            let level = (weights[0] * a[c] + weights[1] * b[c]) / (weights[0] + weights[1]);
            level.round().clamp(0.0, 255.0) as u8
        })
    };
    (0..line.len()).map(of).collect()
}

/// The two rows of a frame around a row of points.
pub(crate) struct Rows<'a> {
    upper: &'a [[u8; 4]],
    lower: &'a [[u8; 4]],
    share: f32,
}

impl Rows<'_> {
    /// Red, green, blue and padding at a position between columns.
    #[inline]
    pub(crate) fn at(&self, between: Between) -> [f32; 4] {
        let Between { low, high, share } = between;
        let along = |row: &[[u8; 4]]| mix(row[low].map(f32::from), row[high].map(f32::from), share);
        mix(along(self.upper), along(self.lower), self.share)
    }
}

/// Linear interpolation between two colors.
#[inline]
fn mix(from: [f32; 4], to: [f32; 4], share: f32) -> [f32; 4] {
    std::array::from_fn(|k| from[k] + share * (to[k] - from[k]))
}

#[cfg(test)]
#[path = "../tests/unit/bilinear.rs"]
mod tests;
