//! The formats that can be read. Which one a file has follows from its content.
//!
//! A new format is a file beside this one with an `impl FrameSource`, a line in [`FORMATS`], and its name endings in
//! `find.rs`.

use crate::RawFrame;
use crate::error::VideoIoError;
use crate::read::errors::read_error;
use crate::read::gif::GifSource;
#[cfg(feature = "mp4")]
use crate::read::mp4::{Mp4Error, Mp4Source};
use crate::read::png_folder::FolderSource;
use crate::read::timing::Timing;
use std::fs::{self, File};
use std::io::Read;
use std::path::Path;
#[cfg(feature = "mp4")]
use std::path::PathBuf;

/// An open video of one format.
pub(crate) trait FrameSource {
    /// Ticks per second; `None` for a PNG folder, which states no times.
    fn timescale(&self) -> Option<u32>;

    /// Number of frames, if the file states it; a GIF does not.
    fn frames(&self) -> Option<usize>;

    /// How the images are coded.
    fn codec(&self) -> &'static str;

    /// What is known of the times of the frames before they are read.
    fn timing(&self) -> Timing {
        Timing::default()
    }

    /// The next frame in presentation order and its time in ticks; `None` at the end.
    fn next_frame(&mut self) -> Result<Option<(RawFrame, i64)>, VideoIoError>;
}

/// Opens a file of one format.
type Opener = fn(&Path) -> Result<Box<dyn FrameSource>, VideoIoError>;

/// Formats of files, by the bytes at an offset from the start.
const FORMATS: [(usize, &[u8], Opener); 2] = [(0, b"GIF8", gif), (4, b"ftyp", mp4)];

/// Opens the video at `path`.
pub(crate) fn open(path: &Path) -> Result<Box<dyn FrameSource>, VideoIoError> {
    if fs::metadata(path).map_err(read_error(path))?.is_dir() {
        return Ok(Box::new(FolderSource::open(path)?));
    }
    let mut start = Vec::new();
    let file = File::open(path).map_err(read_error(path))?;
    file.take(12).read_to_end(&mut start).map_err(read_error(path))?;
    let is = |offset: usize, bytes: &[u8]| start.get(offset..).is_some_and(|rest| rest.starts_with(bytes));
    match FORMATS.iter().find(|(offset, bytes, _)| is(*offset, bytes)) {
        Some((_, _, open)) => open(path),
        None => Err(VideoIoError::NotAVideo { path: path.into() }),
    }
}

fn gif(path: &Path) -> Result<Box<dyn FrameSource>, VideoIoError> {
    Ok(Box::new(GifSource::open(path)?))
}

impl FrameSource for GifSource {
    fn timescale(&self) -> Option<u32> {
        Some(100)
    }

    fn frames(&self) -> Option<usize> {
        None
    }

    fn codec(&self) -> &'static str {
        "GIF"
    }

    fn timing(&self) -> Timing {
        GifSource::timing(self)
    }

    fn next_frame(&mut self) -> Result<Option<(RawFrame, i64)>, VideoIoError> {
        Ok(GifSource::next_frame(self)?.map(|(frame, time)| (frame.into(), time)))
    }
}

impl FrameSource for FolderSource {
    fn timescale(&self) -> Option<u32> {
        None
    }

    fn frames(&self) -> Option<usize> {
        Some(self.len())
    }

    fn codec(&self) -> &'static str {
        "PNG"
    }

    fn next_frame(&mut self) -> Result<Option<(RawFrame, i64)>, VideoIoError> {
        Ok(FolderSource::next_frame(self)?.map(|(frame, time)| (frame.into(), time)))
    }
}

#[cfg(not(feature = "mp4"))]
fn mp4(path: &Path) -> Result<Box<dyn FrameSource>, VideoIoError> {
    Err(VideoIoError::NoMp4 { path: path.into() })
}

#[cfg(feature = "mp4")]
fn mp4(path: &Path) -> Result<Box<dyn FrameSource>, VideoIoError> {
    let source = Mp4Source::open(path).map_err(mp4_error(path))?;
    let path = path.into();
    Ok(Box::new(Mp4File { path, source }))
}

/// An MP4 file with its path, which its errors name.
#[cfg(feature = "mp4")]
struct Mp4File {
    path: PathBuf,
    source: Mp4Source,
}

#[cfg(feature = "mp4")]
impl FrameSource for Mp4File {
    fn timescale(&self) -> Option<u32> {
        Some(self.source.extent().1)
    }

    fn frames(&self) -> Option<usize> {
        Some(self.source.extent().0)
    }

    fn codec(&self) -> &'static str {
        self.source.codec()
    }

    fn timing(&self) -> Timing {
        self.source.timing()
    }

    fn next_frame(&mut self) -> Result<Option<(RawFrame, i64)>, VideoIoError> {
        self.source.next_frame().map_err(mp4_error(&self.path))
    }
}

#[cfg(feature = "mp4")]
fn mp4_error(path: &Path) -> impl FnOnce(Mp4Error) -> VideoIoError {
    let path = path.to_path_buf();
    move |error| match error {
        Mp4Error::Unsupported { holds } => VideoIoError::Unsupported { path, holds },
        Mp4Error::Damaged { reason } => VideoIoError::Damaged { path, reason },
        Mp4Error::Io(source) => VideoIoError::Read { path, source },
    }
}
