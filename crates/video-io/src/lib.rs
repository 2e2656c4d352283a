//! Reads and writes videos as streams of RGB frames: MP4 (H.264; AV1 only for reading), GIF, PNG folders; reads what the
//! program `ffmpeg` reads, where it is installed.
//!
//! A video is a sequence of frames of one size at an integer frame rate; frame i is shown at i / fps. The format
//! follows from the path: `.mp4`, `.gif`, or a name without extension for a folder of PNG files. [`VideoWriter`] takes
//! frames one at a time, [`save_video`] all at once, [`mp4_bytes`] and [`gif_bytes`] stay in memory for embedding. A
//! file gets its final name only when the video is complete.
//!
//! [`VideoReader`] reads the frames of a file or folder one at a time in presentation order, with their times;
//! [`Resampled`] resamples them to a fixed rate; [`read_frames`] reads a whole video. Of a [`RawFrame`] only the pixels
//! that are read are converted to RGB.
//!
#![doc = include_str!("../README.md")]

#[cfg(feature = "mp4")]
mod compress;
mod content;
mod error;
mod extensions;
mod find;
mod pictures;
mod read;
mod write;

#[cfg(feature = "mp4")]
pub use compress::h264_round_trip;
pub use content::content_hash;
pub use error::VideoIoError;
pub use extensions::{is_png_file, is_video_file};
pub use find::{find_videos, generated_frames, is_searched_video};
pub use pictures::{FilmStrip, film_strip, png_bytes, upscale};
pub use read::{
    Rate, RawFrame, ReadOptions, Resampled, ResampledFrame, TimedFrame, VideoBackend, VideoReader, read_frames,
    resampled_indices,
};
#[cfg(feature = "mp4")]
pub use write::mp4_bytes;
pub use write::{Format, VideoOptions, VideoWriter, gif_bytes, save_video};

/// One frame of a video: RGB, 8 bits per channel, rows from the top.
pub type Frame = image::RgbImage;
