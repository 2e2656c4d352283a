//! Colors of frames as a small set: a frame is one number per pixel.

use std::collections::HashMap;

use pusht_env::Frame;
use serde::{Deserialize, Serialize};

/// Side of the frames, px.
pub const SIDE: usize = 96;

/// Rounds of k-means.
const ROUNDS: usize = 24;

/// The numbers of a frame's colors in a [`Palette`], row by row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IndexedFrame(pub(crate) Box<[u8]>);

impl IndexedFrame {
    /// Number of a pixel's color; coordinates beyond the border are those of the nearest pixel.
    pub(crate) fn at(&self, x: isize, y: isize) -> u8 {
        let inside = |v: isize| v.clamp(0, SIDE as isize - 1) as usize;
        self.0[inside(y) * SIDE + inside(x)]
    }
}

/// The colors that frames are made of, RGB.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Palette {
    colors: Vec<[u8; 3]>,
}

impl Palette {
    /// The `count` colors that represent the frames with the smallest squared error (k-means over all pixels, from the
    /// most distant colors). The most frequent color, the board's, is one of them. Frames with fewer colors give a
    /// smaller palette.
    pub fn fit<'a>(frames: impl IntoIterator<Item = &'a Frame>, count: usize) -> Self {
        let mut counts: HashMap<[u8; 3], f64> = HashMap::new();
        for frame in frames {
            for pixel in frame.pixels() {
                *counts.entry(pixel.0).or_default() += 1.0;
            }
        }
        let mut seen: Vec<([u8; 3], f64)> = counts.into_iter().collect();
        seen.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
        let Some(&(board, _)) = seen.first() else {
            return Self { colors: vec![[255; 3]] };
        };
        let points: Vec<([f64; 3], f64)> = seen.iter().map(|(c, n)| (c.map(f64::from), *n)).collect();
        let mut centers = vec![points[0].0];
        while centers.len() < count.min(points.len()) {
            let cost = |(color, n): &&([f64; 3], f64)| n.sqrt() * nearest(&centers, *color).1;
            let Some((next, _)) = points.iter().max_by(|a, b| cost(a).total_cmp(&cost(b))) else {
                break;
            };
            centers.push(*next);
        }
        for _ in 0..ROUNDS {
            let mut sums = vec![([0.0; 3], 0.0); centers.len()];
            for (color, n) in &points {
                let (sum, total) = &mut sums[nearest(&centers, *color).0];
                for (sum, value) in sum.iter_mut().zip(color) {
                    *sum += n * value;
                }
                *total += n;
            }
            // The board's color stays exact.
            for (center, (sum, total)) in centers.iter_mut().zip(sums).skip(1) {
                if total > 0.0 {
                    *center = sum.map(|value| value / total);
                }
            }
        }
        let mut colors = vec![board];
        for center in &centers[1..] {
            let color = center.map(|value| value.round().clamp(0.0, 255.0) as u8);
            if !colors.contains(&color) {
                colors.push(color);
            }
        }
        Self { colors }
    }

    /// The colors.
    pub fn colors(&self) -> &[[u8; 3]] {
        &self.colors
    }

    /// Number of colors.
    pub fn len(&self) -> usize {
        self.colors.len()
    }

    /// Whether there are no colors, which no palette of this crate has.
    pub fn is_empty(&self) -> bool {
        self.colors.is_empty()
    }

    /// The nearest color of every pixel of a frame of 96 × 96 px; `None` for another size.
    pub fn index(&self, frame: &Frame) -> Option<IndexedFrame> {
        if frame.dimensions() != (SIDE as u32, SIDE as u32) {
            return None;
        }
        let mut last = ([0; 3], self.nearest([0; 3]));
        let indices = frame.pixels().map(|pixel| {
            // Neighbors mostly have the same color.
            if pixel.0 != last.0 {
                last = (pixel.0, self.nearest(pixel.0));
            }
            last.1
        });
        Some(IndexedFrame(indices.collect()))
    }

    /// The frame of these colors.
    pub fn paint(&self, indices: &IndexedFrame) -> Frame {
        let mut frame = Frame::new(SIDE as u32, SIDE as u32);
        for (pixel, &index) in frame.pixels_mut().zip(indices.0.iter()) {
            pixel.0 = self.colors[usize::from(index)];
        }
        frame
    }

    /// Root mean square error with which the palette represents a frame, levels of 255.
    pub fn error(&self, frame: &Frame) -> f64 {
        let mut sum = 0.0;
        for pixel in frame.pixels() {
            sum += f64::from(distance(self.colors[usize::from(self.nearest(pixel.0))], pixel.0));
        }
        (sum / (3.0 * f64::from(frame.width() * frame.height()).max(1.0))).sqrt()
    }

    /// Number of pixels whose colors differ by more than `levels` in a channel.
    pub(crate) fn differing(&self, a: &IndexedFrame, b: &IndexedFrame, levels: u8) -> usize {
        let apart = |a: u8, b: u8| {
            let (a, b) = (self.colors[usize::from(a)], self.colors[usize::from(b)]);
            a.iter().zip(b).any(|(a, b)| a.abs_diff(b) > levels)
        };
        a.0.iter()
            .zip(b.0.iter())
            .filter(|(a, b)| a != b && apart(**a, **b))
            .count()
    }

    fn nearest(&self, color: [u8; 3]) -> u8 {
        let mut best = (0, i32::MAX);
        for (index, own) in self.colors.iter().enumerate() {
            let distance = distance(*own, color);
            if distance < best.1 {
                best = (index as u8, distance);
            }
        }
        best.0
    }

    /// Checks a palette from a file.
    pub(crate) fn check(&self, expected: usize) -> Result<(), String> {
        let found = self.len();
        if found == 0 || found > usize::from(u8::MAX) || found > expected {
            return Err(format!("{found} colors; expected 1 to {expected}"));
        }
        Ok(())
    }
}

fn distance(a: [u8; 3], b: [u8; 3]) -> i32 {
    a.iter()
        .zip(b)
        .map(|(a, b)| (i32::from(*a) - i32::from(b)).pow(2))
        .sum()
}

/// Index of the nearest center and the distance to it.
fn nearest(centers: &[[f64; 3]], color: [f64; 3]) -> (usize, f64) {
    let mut best = (0, f64::INFINITY);
    for (index, center) in centers.iter().enumerate() {
        let distance: f64 = center.iter().zip(color).map(|(a, b)| (a - b).powi(2)).sum();
        if distance < best.1 {
            best = (index, distance);
        }
    }
    (best.0, best.1.sqrt())
}

#[cfg(test)]
mod tests {
    use image::Rgb;

    use super::*;

    #[test]
    fn a_frame_of_few_colors_is_kept_exactly() {
        let colors = [[255, 255, 255], [65, 105, 225], [119, 136, 153], [144, 238, 144]];
        let frame = Frame::from_fn(96, 96, |x, y| Rgb(colors[((x / 50) + 2 * (y / 60)) as usize]));
        let palette = Palette::fit([&frame], 24);
        assert_eq!((palette.len(), palette.error(&frame)), (4, 0.0));
        let indexed = palette.index(&frame).unwrap();
        assert_eq!(palette.paint(&indexed), frame);
        assert_eq!(palette.index(&Frame::new(95, 96)), None);
    }

    #[test]
    fn more_colors_than_places_are_merged() {
        let frame = Frame::from_fn(96, 96, |x, y| Rgb([x as u8, y as u8, 0]));
        let palette = Palette::fit([&frame], 16);
        assert_eq!(palette.len(), 16);
        assert!(palette.error(&frame) < 12.0, "{}", palette.error(&frame));
        assert_eq!(Palette::fit([&frame], 16), palette);
    }
}
