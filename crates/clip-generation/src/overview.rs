//! Overview image of clips.

use pusht_env::Frame;
use video_io::{FilmStrip, VideoIoError, film_strip};

/// Number of clips shown.
const CLIPS: usize = 8;
/// Number of frames shown per clip.
const FRAMES: usize = 9;
/// Maximum side of a frame in the image, px.
const SIDE: u32 = 128;

/// Overview of the first clips: one row per clip, with its number, of evenly spaced frames,
/// including the first and last.
#[derive(Default)]
pub(crate) struct Overview {
    /// Number of the clip of each row.
    numbers: Vec<usize>,
    rows: Vec<Frame>,
}

impl Overview {
    /// Whether the overview is full.
    pub(crate) fn is_full(&self) -> bool {
        self.rows.len() >= CLIPS * FRAMES
    }

    /// Adds the clip with this number, if there is room and its frames have the same size.
    pub(crate) fn add(&mut self, number: usize, clip: &[Frame]) {
        let same_size = self.rows.first().is_none_or(|first| {
            clip.first()
                .is_some_and(|f| small(f).dimensions() == first.dimensions())
        });
        if clip.is_empty() || self.is_full() || !same_size {
            return;
        }
        let last = clip.len() - 1;
        self.numbers.push(number);
        self.rows
            .extend((0..FRAMES).map(|i| small(&clip[i * last / (FRAMES - 1)])));
    }

    /// The image; `None` without clips.
    pub(crate) fn picture(&self) -> Result<Option<Frame>, VideoIoError> {
        if self.rows.is_empty() {
            return Ok(None);
        }
        let layout = FilmStrip::new(FRAMES);
        let strip = film_strip(&self.rows, layout)?;
        let mut picture = Frame::from_pixel(MARGIN + strip.width(), strip.height(), image::Rgb(layout.background));
        image::imageops::replace(&mut picture, &strip, i64::from(MARGIN), 0);
        let row = self.rows[0].height() + layout.gap;
        for (place, number) in self.numbers.iter().enumerate() {
            let middle = place as u32 * row + self.rows[0].height() / 2;
            write_number(&mut picture, *number, middle);
        }
        Ok(Some(picture))
    }
}

/// Width of the column of numbers, px: four digits.
const MARGIN: u32 = 40;
/// Size of a pixel of the digits, px.
const DOT: u32 = 2;

/// The digits, 3 × 5 pixels, a row in three bits.
const DIGITS: [[u8; 5]; 10] = [
    [7, 5, 5, 5, 7],
    [2, 6, 2, 2, 7],
    [7, 1, 7, 4, 7],
    [7, 1, 3, 1, 7],
    [5, 5, 7, 1, 1],
    [7, 4, 7, 1, 7],
    [7, 4, 7, 5, 7],
    [7, 1, 2, 2, 2],
    [7, 5, 7, 5, 7],
    [7, 5, 7, 1, 7],
];

/// Writes the number of a clip, four digits as in the names of its files, with its middle at height `middle`.
fn write_number(picture: &mut Frame, number: usize, middle: u32) {
    let top = middle.saturating_sub(5 * DOT / 2);
    for (place, digit) in format!("{number:04}").bytes().take(4).enumerate() {
        let rows = DIGITS[usize::from(digit - b'0')];
        for (y, bits) in rows.into_iter().enumerate() {
            for x in (0..3).filter(|x| bits & (4 >> x) != 0) {
                let corner = [4 + DOT * (4 * place as u32 + x), top + DOT * y as u32];
                for (dx, dy) in (0..DOT).flat_map(|dx| (0..DOT).map(move |dy| (dx, dy))) {
                    if let Some(pixel) = picture.get_pixel_mut_checked(corner[0] + dx, corner[1] + dy) {
                        *pixel = image::Rgb([31, 36, 48]);
                    }
                }
            }
        }
    }
}

fn small(frame: &Frame) -> Frame {
    let (width, height) = frame.dimensions();
    let most = width.max(height);
    if most <= SIDE {
        return frame.clone();
    }
    let size = |side: u32| (side * SIDE / most).max(1);
    image::imageops::resize(frame, size(width), size(height), image::imageops::FilterType::Triangle)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn every_row_has_the_number_of_its_clip() {
        let picture = |numbers: &[usize]| {
            let mut overview = Overview::default();
            numbers
                .iter()
                .for_each(|&number| overview.add(number, &vec![Frame::new(96, 96); 17]));
            overview.picture().unwrap().unwrap()
        };
        let rows = |picture: &Frame, row: u32| image::imageops::crop_imm(picture, 0, 100 * row, MARGIN, 96).to_image();
        let found = picture(&[0, 12]);
        assert_eq!(found.dimensions(), (MARGIN + 9 * 96 + 8 * 4, 2 * 96 + 4));
        let again = picture(&[12, 7]);
        assert!(rows(&found, 1) == rows(&again, 0) && rows(&found, 0) != rows(&found, 1));
    }
}
