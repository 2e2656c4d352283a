//! Format, frame rate and scale of a video to write.

use crate::error::VideoIoError;
use std::path::Path;

/// Formats of video that can be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// H.264 in MP4: small, plays in browsers; color is stored at half the resolution.
    Mp4,
    /// Animated GIF: exact for up to 256 colors per frame, quantized beyond.
    Gif,
    /// A folder of `frame_000000.png`, `frame_000001.png`, …: lossless.
    PngFolder,
}

impl Format {
    /// The format of a path by its extension, in any case.
    ///
    /// # Errors
    /// An extension that is neither `mp4` nor `gif`; `mp4` without the feature `mp4`.
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

    /// Highest frame rate. GIF has delays in hundredths of a second, and viewers slow down delays below two of them.
    fn max_fps(self) -> u32 {
        match self {
            Format::Gif => 50,
            Format::Mp4 | Format::PngFolder => 240,
        }
    }

    /// Smallest side, limit of the longer side and limit of the shorter side, px.
    fn sides(self) -> (u32, u32, u32) {
        match self {
            Format::Mp4 => (16, 3840, 2160),
            Format::Gif | Format::PngFolder => (1, 65_535, 65_535),
        }
    }

    /// Returns an error for a frame rate that the format does not support.
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

    /// Returns an error for a size that the format does not support after scaling.
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

/// Settings of a video to write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct VideoOptions {
    /// Frames per second: 1 to 240, for GIF 1 to 50. A PNG folder does not record it.
    pub fps: u32,
    /// Integer factor by which frames are enlarged. 1 keeps them as they are, for use by programs; 4 is better for
    /// viewing 96 × 96 frames, and from 2 on MP4 keeps the color of every pixel.
    pub scale: u32,
}

impl Default for VideoOptions {
    /// 10 Hz, the rate of PushT, without scaling.
    fn default() -> Self {
        Self { fps: 10, scale: 1 }
    }
}
