//! Clips of the pixel world model along planned paths: world and paths together, as they are trained and stored.

mod train;
mod video;

pub use train::{PixelVideoSettings, WorldTraining};
pub use video::{PixelVideo, PixelVideoError};
