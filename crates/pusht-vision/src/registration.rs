//! Position of the board in a frame: one scale and one offset per axis.
//!
//! [`Registration::resample`] resamples the frame to a 96 × 96 point-sampled image, which the tracker reads.

use crate::board::{BOARD, SIDE};

/// Position of the board in a frame: a map from board to frame coordinates.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Registration {
    /// Frame pixels per board px, x and y.
    pub scale: [f64; 2],
    /// Frame coordinate (of the left or upper border of pixel 0) at which board coordinate −½ lies.
    pub offset: [f64; 2],
    /// Root mean square color difference between frame and empty board outside agent and T, levels of 255: about 1 for
    /// clean frames, up to 10 for compressed ones.
    pub residual: f64,
}

impl Registration {
    /// The map of a frame that shows exactly the whole board, as the environment draws it.
    pub fn stretched(size: (u32, u32)) -> Self {
        Self {
            scale: [f64::from(size.0) / BOARD, f64::from(size.1) / BOARD],
            offset: [0.0; 2],
            residual: 0.0,
        }
    }

    /// True if resampling a 96 × 96 frame gives the frame itself.
    pub fn is_identity(&self) -> bool {
        *self
            == Self {
                residual: self.residual,
                ..Self::stretched((SIDE as u32, SIDE as u32))
            }
    }

    /// Frame coordinate (pixel centers at whole numbers) of a board coordinate on this axis.
    pub(crate) fn along(&self, axis: usize, board: f64) -> f64 {
        (board + 0.5) * self.scale[axis] + self.offset[axis] - 0.5
    }
}
