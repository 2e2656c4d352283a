//! Writing of videos.

mod errors;
mod gif;
#[cfg(feature = "mp4")]
pub(crate) mod h264;
#[cfg(feature = "mp4")]
mod mp4;
mod options;
mod png_folder;
mod stream;
mod writer;

pub use options::{Format, VideoOptions};
#[cfg(feature = "mp4")]
pub use writer::mp4_bytes;
pub use writer::{VideoWriter, gif_bytes, save_video};
