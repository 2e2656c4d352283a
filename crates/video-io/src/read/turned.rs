//! Reads decoded planes as they are laid for display.

use crate::Frame;
use crate::read::yuv::{Gains, Planes};

impl Planes {
    /// Writes red, green and blue of the shown pixels of row `y` in these columns, if they are inside the picture.
    pub(crate) fn read(&self, y: usize, columns: &[usize], [red, green, blue]: [&mut [u8]; 3]) {
        if self.orientation.is_upright() {
            return self.read_stored(y, columns, [red, green, blue]);
        }
        let gains = Gains::of(self.color);
        let stored = (self.size.0 as usize, self.size.1 as usize);
        let width = self.orientation.size(self.size).0 as usize;
        let out = red.iter_mut().zip(green).zip(blue);
        for (&x, ((red, green), blue)) in columns.iter().zip(out) {
            if x < width {
                [*red, *green, *blue] = self.pixel(&gains, self.orientation.stored(stored, (x, y)));
            }
        }
    }

    /// The shown picture as RGB.
    pub(crate) fn to_rgb(&self) -> Frame {
        let stored = self.to_stored_rgb();
        match self.orientation.is_upright() {
            true => stored,
            false => self.orientation.apply(&stored),
        }
    }
}
