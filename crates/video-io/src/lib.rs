//! MP4 (H.264), GIF and PNG folders out, from a stream of RGB frames; GIF and PNG folders in.
//!
//! A video is a sequence of frames of one size at an integer frame rate; frame i is shown at i / fps. The kind of file
//! follows from the path: `.mp4`, `.gif`, or a name without extension for a folder of PNG files. [`VideoWriter`] takes
//! frames one at a time, [`save_video`] all at once, [`mp4_bytes`] and [`gif_bytes`] stay in memory for embedding.
//! Nothing stands under the final name before the video is complete.

#[cfg(feature = "mp4")]
mod compress;
mod error;
mod folder;
mod gif;
#[cfg(feature = "mp4")]
mod h264;
#[cfg(feature = "mp4")]
mod mp4;
mod options;
mod pictures;
mod reader;
mod stream;
mod writer;

#[cfg(feature = "mp4")]
pub use compress::h264_round_trip;
pub use error::VideoIoError;
pub use options::{Format, VideoOptions};
pub use pictures::{FilmStrip, film_strip, png_bytes, upscale};
pub use reader::read_frames;
#[cfg(feature = "mp4")]
pub use writer::mp4_bytes;
pub use writer::{VideoWriter, gif_bytes, save_video};

/// One picture of a video: RGB, 8 bits a channel, rows from the top.
pub type Frame = image::RgbImage;
