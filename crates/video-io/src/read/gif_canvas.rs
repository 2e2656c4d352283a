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
#[path = "../../tests/unit/gif_canvas.rs"]
mod tests;
