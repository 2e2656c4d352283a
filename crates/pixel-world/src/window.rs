//! The part of a frame that a step can change: a square around the agent.

use crate::palette::{IndexedFrame, SIDE};

/// Side of the window, px: holds every pixel that changes in 99.8 % of the steps of the human demonstrations.
pub const WINDOW: usize = 64;

/// A position in px of the 96 × 96 frame, with pixel centers at whole numbers.
pub type Point = [f32; 2];

/// Position in the frame of a point on the 512 board.
pub fn in_frame(board: [f64; 2]) -> Point {
    board.map(|x| (x * SIDE as f64 / 512.0 - 0.5) as f32)
}

/// A window by its center pixel; it may extend beyond the frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    center: [isize; 2],
}

impl Window {
    /// The window around a position, moved into the frame if it is outside.
    pub fn around(position: Point) -> Self {
        let center = position.map(|x| (x.round() as isize).clamp(0, SIDE as isize - 1));
        Self { center }
    }

    /// Column and row of the window's first pixel in the frame.
    pub fn origin(self) -> [isize; 2] {
        self.center.map(|c| c - (WINDOW / 2) as isize)
    }

    /// Center relative to the frame, −0.5 to 0.5.
    pub fn place(self) -> [f32; 2] {
        self.center.map(|c| c as f32 / SIDE as f32 - 0.5)
    }

    /// The frame's pixels in the window, row by row; beyond the border those of the border.
    pub fn cut(self, frame: &IndexedFrame) -> Vec<u8> {
        let [left, top] = self.origin();
        let mut pixels = Vec::with_capacity(WINDOW * WINDOW);
        for y in top..top + WINDOW as isize {
            pixels.extend((left..left + WINDOW as isize).map(|x| frame.at(x, y)));
        }
        pixels
    }

    /// The frame with the window's pixels replaced.
    pub fn paste(self, pixels: &[u8], frame: &IndexedFrame) -> IndexedFrame {
        let [left, top] = self.origin();
        let inside = |v: isize| (0..SIDE as isize).contains(&v);
        let mut out = frame.clone();
        for (y, row) in (top..).zip(pixels.chunks_exact(WINDOW)) {
            for (x, pixel) in (left..).zip(row) {
                if inside(x) && inside(y) {
                    out.0[y as usize * SIDE + x as usize] = *pixel;
                }
            }
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_cut_out_can_be_pasted_back() {
        let frame = IndexedFrame((0..SIDE * SIDE).map(|i| (i * 7 % 23) as u8).collect());
        let blank = IndexedFrame(vec![99; SIDE * SIDE].into());
        for position in [[48.0, 48.0], [0.0, 95.0], [-40.0, 200.0], [31.4, 63.6]] {
            let window = Window::around(position);
            let cut = window.cut(&frame);
            assert_eq!(window.paste(&cut, &frame), frame);
            let pasted = window.paste(&cut, &blank);
            let changed = pasted.0.iter().filter(|&&p| p != 99).count();
            assert!(changed > 0 && changed <= WINDOW * WINDOW);
        }
        assert_eq!(Window::around([-40.0, 200.0]).origin(), [-32, 63]);
    }

    #[test]
    fn board_and_frame_have_the_same_middle() {
        assert_eq!(in_frame([256.0, 256.0]), [47.5, 47.5]);
    }
}
