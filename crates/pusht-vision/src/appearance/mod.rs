//! Appearance of frames: pixels of board, agent and T, the T's shape, and image quality.
//!
//! A [`FrameReader`] reads a clip frame by frame ([`ClipReader`]), and returns measures of each frame ([`FrameAudit`])
//! and of the whole clip ([`ClipReading`]). `docs/audit.md` defines the measures.

mod broken;
mod clip;
mod empty;
mod frame;
mod picture;
mod pixel_class;
mod quality;
mod shape;

pub use broken::without_block;
pub use clip::{ClipReader, ClipReading};
pub use frame::{FrameAudit, FrameReader};
pub use picture::Quality;
pub use quality::ClipPicture;
pub use shape::Shape;
