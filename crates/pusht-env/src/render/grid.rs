//! The rows and columns of the 512 × 512 surface that an image of a given size reads, and their weights: the rule of
//! OpenCV's `INTER_LINEAR` for 8-bit images.
//!
//! A 96 × 96 image reads 192 rows and columns of the 512 (two taps each, 5.33 px apart, no smoothing), so only those
//! must be drawn. An image of 512 px or more reads all of them.

/// Side of the surface, px.
pub(super) const BOARD: i32 = 512;

/// Marks coordinates that are not kept.
const NOT_KEPT: u16 = u16::MAX;

/// Two kept rows (or columns) and their weights in 1/2048, which add up to 2048.
#[derive(Clone, Copy, Debug)]
pub(super) struct Tap {
    pub(super) at: [u16; 2],
    pub(super) weight: [u32; 2],
}

/// The kept coordinates of the surface, the same for rows and columns, and the taps of every output pixel.
#[derive(Clone, Debug)]
pub(super) struct Grid {
    /// Coordinates on the surface, ascending.
    kept: Vec<u16>,
    /// For each coordinate 0..=512 the number of smaller kept ones.
    below: Vec<u16>,
    /// For each coordinate its index in `kept`.
    place: Vec<u16>,
    pub(super) columns: Vec<Tap>,
    pub(super) rows: Vec<Tap>,
}

impl Grid {
    /// The grid of a `width` × `height` image.
    pub(super) fn new(width: u32, height: u32) -> Self {
        // Surface coordinates first; they become indices into `kept` below.
        let mut columns: Vec<Tap> = (0..width).map(|i| tap(i, width, true)).collect();
        let mut rows: Vec<Tap> = (0..height).map(|i| tap(i, height, false)).collect();
        let mut kept: Vec<u16> = columns.iter().chain(&rows).flat_map(|t| t.at).collect();
        kept.sort_unstable();
        kept.dedup();
        let mut place = vec![NOT_KEPT; BOARD as usize];
        for (k, &x) in kept.iter().enumerate() {
            place[usize::from(x)] = k as u16;
        }
        for t in columns.iter_mut().chain(&mut rows) {
            t.at = t.at.map(|x| place[usize::from(x)]);
        }
        let below = (0..=BOARD as u16)
            .map(|x| kept.partition_point(|&k| k < x) as u16)
            .collect();
        Self {
            kept,
            below,
            place,
            columns,
            rows,
        }
    }

    /// Number of kept rows, equal to that of kept columns.
    pub(super) fn len(&self) -> usize {
        self.kept.len()
    }

    /// Surface coordinates of the kept rows (or columns), ascending.
    pub(super) fn coordinates(&self) -> &[u16] {
        &self.kept
    }

    /// Index of surface coordinate `x`; none if it is off the surface or not kept.
    pub(super) fn place(&self, x: i32) -> Option<usize> {
        let place = *self.place.get(usize::try_from(x).ok()?)?;
        (place != NOT_KEPT).then_some(usize::from(place))
    }

    /// Indices of the kept coordinates in `first..=last`, clipped to the surface; `start >= end` if there are none.
    pub(super) fn places(&self, first: i32, last: i32) -> std::ops::Range<usize> {
        let first = first.clamp(0, BOARD) as usize;
        let end = last.clamp(-1, BOARD - 1) + 1;
        usize::from(self.below[first])..usize::from(self.below[end as usize])
    }

    /// Output pixels that read an index in `places`, by their taps (`columns` or `rows`).
    pub(super) fn readers(taps: &[Tap], places: &std::ops::Range<usize>) -> std::ops::Range<usize> {
        let first = taps.partition_point(|t| usize::from(t.at[1]) < places.start);
        let end = taps.partition_point(|t| usize::from(t.at[0]) < places.end);
        first..end
    }
}

/// Taps of output pixel `i`, in surface coordinates. The two directions differ at the border: horizontally the weights
/// are clamped with the coordinates, vertically only the coordinates are.
fn tap(i: u32, size: u32, horizontal: bool) -> Tap {
    let scale = 1.0 / (f64::from(size) / f64::from(BOARD));
    let f = ((f64::from(i) + 0.5) * scale - 0.5) as f32;
    let mut first = f.floor() as i32;
    let mut fraction = f - f.floor();
    if horizontal && first < 0 {
        (first, fraction) = (0, 0.0);
    }
    if horizontal && first >= BOARD - 1 {
        (first, fraction) = (BOARD - 1, 0.0);
    }
    let weight = |w: f32| (w * 2048.0).round_ties_even() as u32;
    Tap {
        at: [first, first + 1].map(|x| x.clamp(0, BOARD - 1) as u16),
        weight: [weight(1.0 - fraction), weight(fraction)],
    }
}
