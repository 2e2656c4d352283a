//! The picture of a GIF file, of which every frame changes a part.

use crate::Frame;
use gif::DisposalMethod;

/// The part of the picture that a frame changes, and what becomes of it afterwards.
pub(crate) struct Part {
    left: usize,
    top: usize,
    width: usize,
    height: usize,
    disposal: DisposalMethod,
}

impl Part {
    pub(crate) fn of(frame: &gif::Frame<'_>) -> Self {
        Self {
            left: frame.left.into(),
            top: frame.top.into(),
            width: frame.width.into(),
            height: frame.height.into(),
            disposal: frame.dispose,
        }
    }

    pub(crate) fn pixels(&self) -> u64 {
        self.width as u64 * self.height as u64
    }
}

/// What the next frame is drawn on. What nothing was drawn on is black, as transparency is dropped.
pub(crate) struct Canvas {
    width: usize,
    height: usize,
    /// RGB; empty before [`Canvas::filled`].
    picture: Vec<u8>,
}

impl Canvas {
    /// A canvas without memory.
    pub(crate) fn new(width: usize, height: usize) -> Self {
        Self {
            width,
            height,
            picture: Vec::new(),
        }
    }

    /// The canvas, black.
    pub(crate) fn filled(self) -> Self {
        Self {
            picture: vec![0; 3 * self.width * self.height],
            ..self
        }
    }

    pub(crate) fn pixels(&self) -> u64 {
        self.width as u64 * self.height as u64
    }

    /// The picture with a part drawn on it. `pixels` are those of the part, RGBA; what leads out of the canvas is cut off.
    pub(crate) fn show(&mut self, part: &Part, pixels: &[u8]) -> Frame {
        let before = match part.disposal {
            DisposalMethod::Any | DisposalMethod::Keep => None,
            DisposalMethod::Background | DisposalMethod::Previous => Some(self.picture.clone()),
        };
        for (row, line) in self.rows(part) {
            let from = pixels[4 * part.width * row..].chunks_exact(4);
            for (to, from) in self.picture[line].chunks_exact_mut(3).zip(from) {
                if from[3] != 0 {
                    to.copy_from_slice(&from[..3]);
                }
            }
        }
        let picture = match before {
            None => self.picture.clone(),
            Some(before) => std::mem::replace(&mut self.picture, before),
        };
        if part.disposal == DisposalMethod::Background {
            for (_, line) in self.rows(part) {
                self.picture[line].fill(0);
            }
        }
        let size = [self.width, self.height].map(|side| u32::try_from(side).unwrap_or(u32::MAX));
        Frame::from_raw(size[0], size[1], picture).unwrap_or_default()
    }

    /// Rows of a part, and where they lie in the picture.
    fn rows(&self, part: &Part) -> impl Iterator<Item = (usize, std::ops::Range<usize>)> + use<> {
        let (width, left) = (self.width, part.left.min(self.width));
        let right = (part.left + part.width).min(self.width);
        let (top, rows) = (part.top, part.height.min(self.height.saturating_sub(part.top)));
        (0..rows).map(move |row| {
            let start = (top + row) * width;
            (row, 3 * (start + left)..3 * (start + right))
        })
    }
}

#[cfg(test)]
mod tests {
    use crate::Frame;
    use crate::read::gif::GifSource;
    use gif::{DisposalMethod, Encoder, Frame as GifFrame};
    use image::codecs::gif::GifDecoder;
    use image::{AnimationDecoder, DynamicImage};
    use std::borrow::Cow;
    use std::io::Cursor;

    const COLORS: [u8; 12] = [0, 0, 0, 250, 10, 20, 30, 240, 40, 50, 60, 230];

    /// A file of twenty frames that change parts anywhere, also outside of the canvas of 16 × 12 px.
    fn file(seed: u32) -> Vec<u8> {
        let mut state = seed;
        let mut next = |most: u32| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 16) % most
        };
        let mut bytes = Vec::new();
        let mut encoder = Encoder::new(&mut bytes, 16, 12, &COLORS).unwrap();
        for _ in 0..20 {
            let [left, top] = [next(18), next(14)].map(|v| v as u16);
            let [width, height] = [1 + next(17), 1 + next(13)].map(|v| v as u16);
            let pixels: Vec<u8> = (0..u32::from(width) * u32::from(height))
                .map(|_| next(4) as u8)
                .collect();
            let dispose = [
                DisposalMethod::Any,
                DisposalMethod::Keep,
                DisposalMethod::Background,
                DisposalMethod::Previous,
            ][next(4) as usize];
            encoder
                .write_frame(&GifFrame {
                    left,
                    top,
                    width,
                    height,
                    dispose,
                    transparent: (next(2) == 0).then_some(0),
                    buffer: Cow::Owned(pixels),
                    ..GifFrame::default()
                })
                .unwrap();
        }
        drop(encoder);
        bytes
    }

    fn ours(bytes: &[u8]) -> Vec<Frame> {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), bytes).unwrap();
        let mut source = GifSource::open(file.path()).unwrap();
        std::iter::from_fn(|| source.next_frame().unwrap())
            .map(|(frame, _)| frame)
            .collect()
    }

    #[test]
    fn parts_are_drawn_and_disposed_of_as_another_decoder_does() {
        for seed in 0..50 {
            let bytes = file(seed);
            let frames = GifDecoder::new(Cursor::new(&bytes)).unwrap().into_frames();
            let theirs: Vec<Frame> = frames
                .map(|frame| DynamicImage::from(frame.unwrap().into_buffer()).into_rgb8())
                .collect();
            assert_eq!(theirs.len(), 20);
            assert!(ours(&bytes) == theirs, "seed {seed}");
        }
    }
}
