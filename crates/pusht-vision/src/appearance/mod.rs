//! What pixels show: which are board, agent and T, the T's shape, and how good the picture is.
//!
//! A [`FrameReader`] reads a clip frame by frame ([`ClipReader`]) and says what each frame shows ([`FrameAudit`]) and what
//! follows from all of them ([`ClipReading`]). `docs/audit.md` defines the measures.

mod broken;
mod clip;
mod empty;
mod frame;
mod picture;
mod pixel_class;
mod quality;
mod shape;

pub use clip::{ClipReader, ClipReading};
pub use frame::{FrameAudit, FrameReader};
pub use picture::Quality;
pub use quality::ClipPicture;
pub use shape::Shape;
