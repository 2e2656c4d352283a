//! Which kind of file, at which rate and size.

use crate::error::VideoIoError;
use std::path::Path;

/// The kinds of video that can be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// H.264 in MP4: small, plays in browsers; color is stored at half the resolution.
    Mp4,
    /// Animated GIF: exact up to 256 colors a frame, quantized beyond.
    Gif,
    /// A folder of `frame_000000.png`, `frame_000001.png`, …: exact.
    PngFolder,
}

impl Format {
    /// The format that a path asks for by its extension (case does not matter).
    ///
    /// # Errors
    /// An extension that is neither `mp4` nor `gif`; `mp4` where that feature was left out.
    pub fn of(path: &Path) -> Result<Self, VideoIoError> {
        let extension = path.extension().map(|e| e.to_string_lossy().to_ascii_lowercase());
        match extension.as_deref() {
            Some("mp4") if cfg!(feature = "mp4") => Ok(Format::Mp4),
            Some("mp4") => Err(VideoIoError::NoMp4 { path: path.into() }),
            Some("gif") => Ok(Format::Gif),
            None if path.file_name().is_some() => Ok(Format::PngFolder),
            _ => Err(VideoIoError::UnknownExtension {
                path: path.into(),
                supported: ".mp4 or .gif",
            }),
        }
    }

    /// Name for messages.
    fn name(self) -> &'static str {
        match self {
            Format::Mp4 => "MP4 (H.264)",
            Format::Gif => "GIF",
            Format::PngFolder => "a PNG folder",
        }
    }

    /// Highest frame rate: GIF counts hundredths of a second, and viewers slow down below two of them.
    fn max_fps(self) -> u32 {
        match self {
            Format::Gif => 50,
            Format::Mp4 | Format::PngFolder => 240,
        }
    }

    /// Least side, most of the longer side, most of the shorter side.
    fn sides(self) -> (u32, u32, u32) {
        match self {
            Format::Mp4 => (16, 3840, 2160),
            Format::Gif | Format::PngFolder => (1, 65_535, 65_535),
        }
    }

    /// Refuses a frame rate that the format cannot hold.
    pub(crate) fn check_fps(self, fps: u32) -> Result<(), VideoIoError> {
        match self.max_fps() {
            max if fps == 0 || fps > max => Err(VideoIoError::FrameRate {
                fps,
                format: self.name(),
                max,
            }),
            _ => Ok(()),
        }
    }

    /// Refuses frames that, scaled, the format cannot hold.
    pub(crate) fn check_size(self, size: (u32, u32), scale: u32) -> Result<(), VideoIoError> {
        let (width, height) = (
            u64::from(size.0) * u64::from(scale),
            u64::from(size.1) * u64::from(scale),
        );
        let (min, max_long, max_short) = self.sides();
        let fits = width.min(height) >= min.into()
            && width.max(height) <= max_long.into()
            && width.min(height) <= max_short.into();
        if fits {
            return Ok(());
        }
        Err(VideoIoError::Size {
            width,
            height,
            scale,
            format: self.name(),
            min,
            max_long,
            max_short,
        })
    }
}

/// How a video is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct VideoOptions {
    /// Frames a second: 1 to 240, GIF 1 to 50. A PNG folder does not record it.
    pub fps: u32,
    /// Every pixel becomes a square of this side. 1 keeps the frames as they are, which is what a program wants; people
    /// see 96×96 better at 4, and from 2 on MP4 keeps the color of every pixel.
    pub scale: u32,
}

impl Default for VideoOptions {
    /// 10 Hz, the rate of PushT; not scaled.
    fn default() -> Self {
        Self { fps: 10, scale: 1 }
    }
}
