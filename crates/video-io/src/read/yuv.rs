//! Converts decoded planes to RGB.
//!
//! Matrix and range are those of the file's tags; without tags BT.601 in limited range, as in FFmpeg and OpenCV. Color
//! samples are repeated over the pixels that they cover.

use crate::Frame;
use crate::read::orientation::Orientation;

/// Conversion of luma and color differences to RGB.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Color {
    pub(crate) matrix: Matrix,
    /// Range 0 to 255 instead of 16 to 235 (240 for color).
    pub(crate) full_range: bool,
}

impl Default for Color {
    fn default() -> Self {
        Self {
            matrix: Matrix::Bt601,
            full_range: false,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Matrix {
    Bt601,
    Bt709,
    Bt2020,
    /// Of the FCC, 1953.
    Fcc,
    /// SMPTE 240M.
    Smpte240,
    /// The planes are green, blue and red.
    Identity,
}

impl Matrix {
    /// The matrix with this code of ISO/IEC 23091-2, which H.264, AV1 and MP4 share; unknown codes give BT.601.
    pub(crate) fn of(code: impl Into<u32>) -> Self {
        match code.into() {
            0 => Self::Identity,
            1 => Self::Bt709,
            4 => Self::Fcc,
            7 => Self::Smpte240,
            9 | 10 => Self::Bt2020,
            _ => Self::Bt601,
        }
    }

    /// Weights of red and blue in luma.
    fn weights(self) -> (f32, f32) {
        match self {
            Self::Bt709 => (0.2126, 0.0722),
            Self::Bt2020 => (0.2627, 0.0593),
            Self::Fcc => (0.3, 0.11),
            Self::Smpte240 => (0.212, 0.087),
            Self::Bt601 | Self::Identity => (0.299, 0.114),
        }
    }
}

/// One plane of 8-bit samples.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Plane {
    pub(crate) samples: Vec<u8>,
    pub(crate) stride: usize,
}

impl Plane {
    /// True if the plane has at least this many rows and columns.
    fn holds(&self, columns: usize, rows: usize) -> bool {
        let before = rows.saturating_sub(1).checked_mul(self.stride);
        let end = before.and_then(|before| before.checked_add(columns));
        end.is_some_and(|end| end <= self.samples.len())
    }

    fn row(&self, y: usize) -> &[u8] {
        &self.samples[y * self.stride..]
    }
}

/// A decoded picture.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Planes {
    pub(crate) size: (u32, u32),
    pub(crate) luma: Plane,
    /// `None` for a monochrome picture.
    pub(crate) differences: Option<[Plane; 2]>,
    /// Pixels that a color sample spans, as powers of two: (1, 1) for 4:2:0, (0, 0) for 4:4:4.
    pub(crate) shift: (u32, u32),
    pub(crate) color: Color,
    /// How the picture is laid for display.
    pub(crate) orientation: Orientation,
}

impl Planes {
    /// False if a plane is too short for the size.
    pub(crate) fn complete(&self) -> bool {
        let (width, height) = (self.size.0 as usize, self.size.1 as usize);
        let (columns, rows) = (width.div_ceil(1 << self.shift.0), height.div_ceil(1 << self.shift.1));
        let mut differences = self.differences.iter().flatten();
        self.luma.holds(width, height) && differences.all(|plane| plane.holds(columns, rows))
    }

    /// Number of pixels whose luma differs by more than `limit`.
    pub(crate) fn changed(&self, other: &Self, limit: u8) -> usize {
        let (width, height) = (self.size.0.min(other.size.0), self.size.1.min(other.size.1));
        let rows = (0..height as usize).map(|y| (self.luma.row(y), other.luma.row(y)));
        let changed = |(a, b): (&[u8], &[u8])| {
            let pixels = a.iter().zip(b).take(width as usize);
            pixels.filter(|(a, b)| a.abs_diff(**b) > limit).count()
        };
        rows.map(changed).sum()
    }

    /// Rows of U and V that belong to a row of pixels.
    fn differences(&self, y: usize) -> Option<[&[u8]; 2]> {
        let planes = self.differences.as_ref()?;
        Some(planes.each_ref().map(|plane| plane.row(y >> self.shift.1)))
    }

    /// Writes red, green and blue of the pixels of row `y` in these columns, if they are inside the picture, as they are
    /// stored.
    pub(crate) fn read_stored(&self, y: usize, columns: &[usize], [red, green, blue]: [&mut [u8]; 3]) {
        let gains = Gains::of(self.color);
        let luma = &self.luma.row(y)[..self.size.0 as usize];
        let differences = self.differences(y);
        let identity = self.color.matrix == Matrix::Identity;
        let out = red.iter_mut().zip(green).zip(blue);
        for (&x, ((red, green), blue)) in columns.iter().zip(out) {
            let Some(&l) = luma.get(x) else {
                continue;
            };
            let [u, v] = differences.map_or([128; 2], |rows| rows.map(|row| row[x >> self.shift.0]));
            [*red, *green, *blue] = if identity && differences.is_some() {
                [v, l, u]
            } else {
                let light = gains.light(l);
                gains.differences(u, v).map(|difference| level(light + difference))
            };
        }
    }

    /// Red, green and blue of a pixel that is inside, as it is stored.
    pub(crate) fn pixel(&self, gains: &Gains, (x, y): (usize, usize)) -> [u8; 3] {
        let l = self.luma.row(y)[x];
        let differences = self.differences(y);
        let [u, v] = differences.map_or([128; 2], |rows| rows.map(|row| row[x >> self.shift.0]));
        if self.color.matrix == Matrix::Identity && differences.is_some() {
            return [v, l, u];
        }
        let light = gains.light(l);
        gains.differences(u, v).map(|difference| level(light + difference))
    }

    /// The picture as RGB, as it is stored.
    pub(crate) fn to_stored_rgb(&self) -> Frame {
        let (width, height) = (self.size.0 as usize, self.size.1 as usize);
        let mut rgb = vec![0; 3 * width * height];
        let gains = Gains::of(self.color);
        let mut line = Line::new(width);
        let (sx, sy) = self.shift;
        for (y, out) in rgb.chunks_exact_mut(3 * width.max(1)).enumerate() {
            let luma = &self.luma.row(y)[..width];
            let differences = self.differences(y);
            if let (Some([u, v]), Matrix::Identity) = (differences, self.color.matrix) {
                for (x, (out, &l)) in out.as_chunks_mut::<3>().0.iter_mut().zip(luma).enumerate() {
                    *out = [v[x >> sx], l, u[x >> sx]];
                }
                continue;
            }
            // Rows that share their color samples are consecutive.
            if let Some([u, v]) = differences.filter(|_| (y >> sy) << sy == y) {
                match sx {
                    0 => line.set_differences::<1>(&gains, u, v),
                    _ => line.set_differences::<2>(&gains, u, v),
                }
            }
            line.write(&gains, luma, out);
        }
        Frame::from_raw(self.size.0, self.size.1, rgb).unwrap_or_default()
    }
}

/// Working buffers for one row, converted in loops over one value per pixel, which the compiler vectorizes.
struct Line {
    light: Vec<i32>,
    /// Contributions of U and V to red, green and blue; longer than the row, so that the last color samples also cover
    /// their full number of pixels.
    differences: [Vec<i32>; 3],
    levels: [Vec<u8>; 3],
}

impl Line {
    fn new(width: usize) -> Self {
        Self {
            light: vec![0; width],
            differences: [0; 3].map(|gray| vec![gray; width.next_multiple_of(2)]),
            levels: [0; 3].map(|black| vec![black; width]),
        }
    }

    /// Sets the contributions of color samples, each of which covers `EACH` pixels.
    fn set_differences<const EACH: usize>(&mut self, gains: &Gains, u: &[u8], v: &[u8]) {
        let [red, green, blue] = (self.differences.each_mut()).map(|all| all.as_chunks_mut::<EACH>().0.iter_mut());
        for ((((red, green), blue), &u), &v) in red.zip(green).zip(blue).zip(u).zip(v) {
            let [r, g, b] = gains.differences(u, v);
            (*red, *green, *blue) = ([r; EACH], [g; EACH], [b; EACH]);
        }
    }

    fn write(&mut self, gains: &Gains, luma: &[u8], out: &mut [u8]) {
        for (light, &l) in self.light.iter_mut().zip(luma) {
            *light = gains.light(l);
        }
        for (levels, difference) in self.levels.iter_mut().zip(&self.differences) {
            for ((out, light), difference) in levels.iter_mut().zip(&self.light).zip(difference) {
                *out = level(light + difference);
            }
        }
        let [red, green, blue] = &self.levels;
        interleave(red, green, blue, out);
    }
}

/// Gains of luma and color differences for each channel, fixed point with 14 bits; limited range is stretched to 0…255.
pub(crate) struct Gains {
    /// Luma of black.
    black: i32,
    luma: i32,
    red_of_v: i32,
    green_of_u: i32,
    green_of_v: i32,
    blue_of_u: i32,
}

impl Gains {
    pub(crate) fn of(color: Color) -> Self {
        let (red, blue) = color.matrix.weights();
        let green = 1.0 - red - blue;
        let (black, luma_gain, color_gain) = if color.full_range {
            (0, 1.0, 1.0)
        } else {
            (16, 255.0 / 219.0, 255.0 / 224.0)
        };
        let fixed = |x: f32| (x * 16384.0).round() as i32;
        Self {
            black,
            luma: fixed(luma_gain),
            red_of_v: fixed(2.0 * (1.0 - red) * color_gain),
            green_of_u: fixed(2.0 * blue * (1.0 - blue) / green * color_gain),
            green_of_v: fixed(2.0 * red * (1.0 - red) / green * color_gain),
            blue_of_u: fixed(2.0 * (1.0 - blue) * color_gain),
        }
    }

    /// Contribution of luma to every channel, plus half a level for rounding.
    #[inline]
    fn light(&self, luma: u8) -> i32 {
        self.luma * (i32::from(luma) - self.black) + (1 << 13)
    }

    /// Contribution of color differences to red, green and blue.
    #[inline]
    fn differences(&self, u: u8, v: u8) -> [i32; 3] {
        let (u, v) = (i32::from(u) - 128, i32::from(v) - 128);
        [
            self.red_of_v * v,
            -self.green_of_u * u - self.green_of_v * v,
            self.blue_of_u * u,
        ]
    }
}

/// Converts a sum of [`Gains`] to a level.
#[inline]
fn level(sum: i32) -> u8 {
    (sum >> 14).clamp(0, 255) as u8
}

/// Interleaves three planes to pixels, four at a time as three words.
fn interleave(red: &[u8], green: &[u8], blue: &[u8], out: &mut [u8]) {
    let ((reds, red), (greens, green), (blues, blue)) = (red.as_chunks(), green.as_chunks(), blue.as_chunks());
    let (fours, rest) = out.as_chunks_mut::<12>();
    for (((out, r), g), b) in fours.iter_mut().zip(reds).zip(greens).zip(blues) {
        let [r, g, b] = [r, g, b].map(|four: &[u8; 4]| u32::from_le_bytes(*four));
        let pixel = |k: u32| (r >> (8 * k) & 255) | (g >> (8 * k) & 255) << 8 | (b >> (8 * k) & 255) << 16;
        let [p, q, r, s] = [0, 1, 2, 3].map(pixel);
        let words = [p | q << 24, q >> 8 | r << 16, r >> 16 | s << 8];
        out.copy_from_slice(words.map(u32::to_le_bytes).as_flattened());
    }
    for (((out, &r), &g), &b) in rest.as_chunks_mut::<3>().0.iter_mut().zip(red).zip(green).zip(blue) {
        *out = [r, g, b];
    }
}

#[cfg(test)]
#[path = "../../tests/unit/yuv.rs"]
mod tests;
