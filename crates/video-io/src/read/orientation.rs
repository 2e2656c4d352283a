//! How the stored pixels of a picture are turned and mirrored for display: the display matrix of an MP4 file.

use crate::Frame;
use mp4_atom::Matrix;

/// One of the eight ways to lay a rectangle on itself or on its side.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Orientation {
    /// Columns are shown as rows.
    transposed: bool,
    /// The stored picture is read from right to left.
    mirrored: bool,
    /// The stored picture is read from bottom to top.
    flipped: bool,
}

impl Orientation {
    /// The orientation of a track's and a movie's display matrix. As in FFmpeg the first row gives the angle, signs of the
    /// second one mirror, and scales do not matter. `None` for an angle that is not within a degree of a right one.
    pub(crate) fn of(track: &Matrix, movie: Option<&Matrix>) -> Option<Self> {
        let rows = |m: &Matrix| [[m.a, m.b, m.u], [m.c, m.d, m.v], [m.x, m.y, m.w]].map(|row| row.map(i64::from));
        let track = rows(track);
        let product = movie.map(rows).map_or(track, |movie| {
            // 16, 16 and 30 bits after the point.
            let at = |i: usize, j: usize| (0..3).map(|e| (track[i][e] * movie[e][j]) >> [16, 16, 30][e]).sum();
            [0, 1, 2].map(|i| [0, 1, 2].map(|j| at(i, j)))
        });
        let [[a, b, _], [c, d, _], _] = product;
        let [x, y] = [(a, c), (b, d)].map(|(first, second)| (first as f64).hypot(second as f64));
        if x == 0.0 || y == 0.0 {
            // Not a turn at all; some programs write only zeros.
            return Some(Self::default());
        }
        let quarters = (b as f64 / y).atan2(a as f64 / x) / std::f64::consts::FRAC_PI_2;
        let whole = quarters.round();
        if (quarters - whole).abs() > 1.0 / 90.0 {
            return None;
        }
        let transposed = whole.abs() == 1.0;
        let (along, across) = if transposed { (b, c) } else { (a, d) };
        Some(Self {
            transposed,
            mirrored: along < 0,
            flipped: across < 0,
        })
    }

    /// Whether pictures are shown as they are stored.
    pub(crate) fn is_upright(self) -> bool {
        self == Self::default()
    }

    /// Size as shown of a picture stored with this width and height, or the reverse.
    pub(crate) fn size(self, (width, height): (u32, u32)) -> (u32, u32) {
        match self.transposed {
            true => (height, width),
            false => (width, height),
        }
    }

    /// Stored position, in a picture stored with this width and height, of a shown pixel that is inside.
    pub(crate) fn stored(self, (width, height): (usize, usize), (x, y): (usize, usize)) -> (usize, usize) {
        let (x, y) = if self.transposed { (y, x) } else { (x, y) };
        let x = if self.mirrored { width - 1 - x } else { x };
        let y = if self.flipped { height - 1 - y } else { y };
        (x, y)
    }

    /// The picture as it is shown.
    pub(crate) fn apply(self, stored: &Frame) -> Frame {
        let (width, height) = self.size(stored.dimensions());
        let of = stored.dimensions();
        let of = (of.0 as usize, of.1 as usize);
        Frame::from_fn(width, height, |x, y| {
            let (x, y) = self.stored(of, (x as usize, y as usize));
            *stored.get_pixel(x as u32, y as u32)
        })
    }
}

#[cfg(test)]
#[path = "../../tests/unit/orientation.rs"]
mod tests;
