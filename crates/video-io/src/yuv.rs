//! Decoded planes to RGB.
//!
//! Matrix and range are those that the file is tagged with; without tags BT.601 in limited range, as FFmpeg and OpenCV
//! assume. Colour samples are repeated over the pixels they stand for.

use crate::Frame;

/// How luma and colour differences become RGB.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Colour {
    pub(crate) matrix: Matrix,
    /// 0 to 255 instead of 16 to 235 (240 for colour).
    pub(crate) full_range: bool,
}

impl Default for Colour {
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
    /// The planes are green, blue and red themselves.
    Identity,
}

impl Matrix {
    /// By the number of ISO/IEC 23091-2, which H.264, AV1 and MP4 share; unknown ones are taken for BT.601.
    pub(crate) fn of(code: u16) -> Self {
        match code {
            0 => Self::Identity,
            1 => Self::Bt709,
            9 | 10 => Self::Bt2020,
            _ => Self::Bt601,
        }
    }

    /// Weights of red and blue in luma.
    fn weights(self) -> (f32, f32) {
        match self {
            Self::Bt709 => (0.2126, 0.0722),
            Self::Bt2020 => (0.2627, 0.0593),
            Self::Bt601 | Self::Identity => (0.299, 0.114),
        }
    }
}

/// One plane of 8-bit samples.
pub(crate) struct Plane<'a> {
    pub(crate) samples: &'a [u8],
    pub(crate) stride: usize,
}

/// A decoded picture. `None` for the colour planes of a monochrome one.
pub(crate) struct Planes<'a> {
    pub(crate) size: (u32, u32),
    pub(crate) luma: Plane<'a>,
    pub(crate) colour: Option<[Plane<'a>; 2]>,
    /// Pixels that a colour sample spans, as powers of two: (1, 1) for 4:2:0, (0, 0) for 4:4:4.
    pub(crate) shift: (u32, u32),
}

/// The picture as RGB; none where a plane is shorter than the size says.
pub(crate) fn to_rgb(planes: &Planes<'_>, colour: Colour) -> Option<Frame> {
    let (width, height) = planes.size;
    let (w, h) = (width as usize, height as usize);
    let mut rgb = vec![0; w * h * 3];
    let (red, blue) = colour.matrix.weights();
    let green = 1.0 - red - blue;
    // Fixed point with 14 bits; limited range is stretched to 0…255.
    let (offset, luma_gain, colour_gain) = if colour.full_range {
        (0, 1.0, 1.0)
    } else {
        (16, 255.0 / 219.0, 255.0 / 224.0)
    };
    let fixed = |x: f32| (x * 16384.0).round() as i32;
    let ky = fixed(luma_gain);
    let [rv, gu, gv, bu] = [
        2.0 * (1.0 - red),
        2.0 * blue * (1.0 - blue) / green,
        2.0 * red * (1.0 - red) / green,
        2.0 * (1.0 - blue),
    ]
    .map(|x| fixed(x * colour_gain));
    let half = 1 << 13;
    for (y, out) in rgb.chunks_exact_mut(3 * w.max(1)).enumerate() {
        let luma = row(&planes.luma, y, w)?;
        let Some([u, v]) = &planes.colour else {
            for (out, &l) in out.chunks_exact_mut(3).zip(luma) {
                out.fill(clamp((ky * (i32::from(l) - offset) + half) >> 14));
            }
            continue;
        };
        let (sx, sy) = planes.shift;
        let columns = w.div_ceil(1 << sx);
        let (u, v) = (row(u, y >> sy, columns)?, row(v, y >> sy, columns)?);
        for (x, (out, &l)) in out.chunks_exact_mut(3).zip(luma).enumerate() {
            let (u, v) = (u[x >> sx], v[x >> sx]);
            if colour.matrix == Matrix::Identity {
                out.copy_from_slice(&[v, l, u]);
                continue;
            }
            let l = ky * (i32::from(l) - offset) + half;
            let (u, v) = (i32::from(u) - 128, i32::from(v) - 128);
            out.copy_from_slice(&[
                clamp((l + rv * v) >> 14),
                clamp((l - gu * u - gv * v) >> 14),
                clamp((l + bu * u) >> 14),
            ]);
        }
    }
    Frame::from_raw(width, height, rgb)
}

fn row<'a>(plane: &Plane<'a>, y: usize, columns: usize) -> Option<&'a [u8]> {
    let start = y.checked_mul(plane.stride)?;
    plane.samples.get(start..start.checked_add(columns)?)
}

fn clamp(x: i32) -> u8 {
    x.clamp(0, 255) as u8
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(y: u8, u: u8, v: u8, colour: Colour) -> [u8; 3] {
        let plane = |samples| Plane { samples, stride: 1 };
        let (y, u, v) = ([y], [u], [v]);
        let planes = Planes {
            size: (1, 1),
            luma: plane(&y),
            colour: Some([plane(&u), plane(&v)]),
            shift: (1, 1),
        };
        to_rgb(&planes, colour).unwrap().get_pixel(0, 0).0
    }

    #[test]
    fn the_ends_of_the_scale_are_black_and_white() {
        let limited = Colour::default();
        assert_eq!(one(16, 128, 128, limited), [0; 3]);
        assert_eq!(one(235, 128, 128, limited), [255; 3]);
        let full = Colour {
            full_range: true,
            ..limited
        };
        assert_eq!(one(255, 128, 128, full), [255; 3]);
        // BT.601 red: Y 81, U 90, V 240.
        assert_eq!(one(81, 90, 240, limited), [254, 0, 0]);
        let bt709 = Colour {
            matrix: Matrix::Bt709,
            ..limited
        };
        // BT.709 red: Y 63, U 102, V 240.
        assert_eq!(one(63, 102, 240, bt709), [255, 1, 0]);
    }

    #[test]
    fn short_planes_are_refused() {
        let samples = [0; 3];
        let planes = Planes {
            size: (2, 2),
            luma: Plane {
                samples: &samples,
                stride: 2,
            },
            colour: None,
            shift: (0, 0),
        };
        assert!(to_rgb(&planes, Colour::default()).is_none());
    }
}
