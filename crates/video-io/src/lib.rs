//! Videos in and out as a stream of RGB frames: MP4 (H.264; AV1 in only), GIF, PNG folders.
//!
//! A video is a sequence of frames of one size at an integer frame rate; frame i is shown at i / fps. The kind of file
//! follows from the path: `.mp4`, `.gif`, or a name without extension for a folder of PNG files. [`VideoWriter`] takes
//! frames one at a time, [`save_video`] all at once, [`mp4_bytes`] and [`gif_bytes`] stay in memory for embedding.
//! Nothing stands under the final name before the video is complete.
//!
//! [`VideoReader`] gives the frames of a file or folder one at a time in the order in which they are shown, with their
//! times; [`Resampled`] makes them a sequence of a fixed rate; [`read_frames`] reads a whole video. A [`RawFrame`] is a frame
//! of which only the pixels that are looked at become RGB.
//!
#![doc = include_str!("../README.md")]

#[cfg(feature = "mp4")]
mod compress;
mod content;
mod error;
mod find;
mod pictures;
mod read;
mod write;

#[cfg(feature = "mp4")]
pub use compress::h264_round_trip;
pub use content::content_hash;
pub use error::VideoIoError;
pub use find::{find_videos, is_png_file, is_video_file};
pub use pictures::{FilmStrip, film_strip, png_bytes, upscale};
pub use read::{Rate, RawFrame, Resampled, ResampledFrame, TimedFrame, VideoReader, read_frames};
#[cfg(feature = "mp4")]
pub use write::mp4_bytes;
pub use write::{Format, VideoOptions, VideoWriter, gif_bytes, save_video};

/// One picture of a video: RGB, 8 bits a channel, rows from the top.
pub type Frame = image::RgbImage;
