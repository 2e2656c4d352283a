//! The formats that can be read. Which one a file has follows from its content.
//!
//! A new format is a file beside this one, a variant of [`Source`] with its first bytes in [`Source::open`], and its name endings in
//! `find.rs`.

use crate::error::VideoIoError;
use crate::read::errors::read_error;
use crate::read::gif::GifSource;
#[cfg(feature = "mp4")]
use crate::read::mp4::Mp4Source;
#[cfg(feature = "mp4")]
use crate::read::mp4_error::Mp4Error;
use crate::read::png_folder::FolderSource;
use crate::{Frame, RawFrame};
use std::fs::{self, File};
use std::io::Read;
use std::path::Path;

/// An open video of one of the formats.
pub(crate) enum Source {
    Gif(Box<GifSource>),
    Folder(FolderSource),
    #[cfg(feature = "mp4")]
    Mp4(Box<Mp4Source>),
}

impl Source {
    pub(crate) fn open(path: &Path) -> Result<Self, VideoIoError> {
        if fs::metadata(path).map_err(read_error(path))?.is_dir() {
            return Ok(Self::Folder(FolderSource::open(path)?));
        }
        let mut start = Vec::new();
        let file = File::open(path).map_err(read_error(path))?;
        file.take(12).read_to_end(&mut start).map_err(read_error(path))?;
        if start.starts_with(b"GIF8") {
            Ok(Self::Gif(Box::new(GifSource::open(path)?)))
        } else if start.get(4..8) == Some(b"ftyp") {
            mp4(path)
        } else {
            Err(VideoIoError::NotAVideo { path: path.into() })
        }
    }

    /// Ticks per second; `None` for a PNG folder, which states no times.
    pub(crate) fn timescale(&self) -> Option<u32> {
        match self {
            Self::Gif(_) => Some(100),
            Self::Folder(_) => None,
            #[cfg(feature = "mp4")]
            Self::Mp4(mp4) => Some(mp4.extent().1),
        }
    }

    /// Number of frames, if the file states it; a GIF does not.
    pub(crate) fn frames(&self) -> Option<usize> {
        match self {
            Self::Gif(_) => None,
            Self::Folder(folder) => Some(folder.len()),
            #[cfg(feature = "mp4")]
            Self::Mp4(mp4) => Some(mp4.extent().0),
        }
    }

    /// How the images are coded.
    pub(crate) fn codec(&self) -> &'static str {
        match self {
            Self::Gif(_) => "GIF",
            Self::Folder(_) => "PNG",
            #[cfg(feature = "mp4")]
            Self::Mp4(mp4) => mp4.codec(),
        }
    }

    /// The next frame and its time in ticks.
    #[cfg_attr(
        not(feature = "mp4"),
        expect(unused_variables, reason = "errors of MP4 files name the path")
    )]
    pub(crate) fn next(&mut self, path: &Path) -> Result<Option<(RawFrame, i64)>, VideoIoError> {
        let stored = |(frame, time): (Frame, i64)| (RawFrame::from(frame), time);
        match self {
            Self::Gif(gif) => Ok(gif.next_frame()?.map(stored)),
            Self::Folder(folder) => Ok(folder.next_frame()?.map(stored)),
            #[cfg(feature = "mp4")]
            Self::Mp4(mp4) => mp4.next_frame().map_err(mp4_error(path)),
        }
    }
}

#[cfg(feature = "mp4")]
fn mp4(path: &Path) -> Result<Source, VideoIoError> {
    Mp4Source::open(path)
        .map(|mp4| Source::Mp4(Box::new(mp4)))
        .map_err(mp4_error(path))
}

#[cfg(not(feature = "mp4"))]
fn mp4(path: &Path) -> Result<Source, VideoIoError> {
    Err(VideoIoError::NoMp4 { path: path.into() })
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
