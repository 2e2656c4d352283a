//! Reading of videos.

mod errors;
mod ffmpeg;
mod foreign;
mod formats;
mod gif;
mod gif_canvas;
#[cfg(feature = "mp4")]
mod mp4;
#[cfg(feature = "mp4")]
mod mp4_file;
mod options;
#[cfg(feature = "mp4")]
mod orientation;
mod png_folder;
mod raw;
mod reader;
mod resample;
mod shown;
mod source;
mod timing;
#[cfg(feature = "mp4")]
mod turned;
#[cfg(feature = "mp4")]
mod yuv;

pub(crate) use errors::read_error;
pub(crate) use formats::{begins_as_video, require_video};
pub use options::{ReadOptions, VideoBackend};
pub use raw::RawFrame;
pub use reader::{TimedFrame, VideoReader, read_frames};
pub use resample::{Rate, Resampled, ResampledFrame, resampled_indices};

/// Largest image that is decoded, bytes of RGBA.
const LARGEST: u64 = 1 << 28;
